import CommandOptions
import Testing

@testable import ExecAgent

@Suite struct AgentHelpTests {
    @Test(arguments: OptionTable.ofTask + OptionTable.ofService)
    func explainsEveryOption(option: CommandOptions.OptionDescription<AgentOptions>) {
        #expect(Help.text.contains(option.helpRow))
    }

    @Test func namesNoOptionTwice() {
        for table in [OptionTable.ofTask, OptionTable.ofService] {
            for names in [table.map(\.flag), table.map(\.variable)].map({ $0.filter { !$0.isEmpty } }) {
                #expect(Set(names).count == names.count)
            }
        }
    }

    @Test func fitsATerminal() {
        for line in Help.text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
        #expect(Help.text.hasSuffix("\n") && !Help.text.hasSuffix("\n\n"))
        #expect(Help.text.contains(Help.version))
    }
}
