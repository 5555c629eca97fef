import CommandOptions
import Testing

@testable import ExecAgent

@Suite struct AgentHelpTests {
    @Test(arguments: AgentOptionTable.ofTask + AgentOptionTable.ofService)
    func explainsEveryOption(option: CommandOptions.OptionDescription<AgentOptions>) {
        #expect(AgentHelp.text.contains(option.helpRow))
    }

    @Test func namesNoOptionTwice() {
        for table in [AgentOptionTable.ofTask, AgentOptionTable.ofService] {
            for names in [table.map(\.flag), table.map(\.variable)].map({ $0.filter { !$0.isEmpty } }) {
                #expect(Set(names).count == names.count)
            }
        }
    }

    @Test func fitsATerminal() {
        for line in AgentHelp.text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
        #expect(AgentHelp.text.hasSuffix("\n"))
        #expect(!AgentHelp.text.hasSuffix("\n\n"))
        #expect(AgentHelp.text.contains(AgentHelp.version))
    }
}
