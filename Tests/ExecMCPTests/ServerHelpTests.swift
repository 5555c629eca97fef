import CommandOptions
import Testing

@testable import ExecMCP

@Suite struct ServerHelpTests {
    @Test(arguments: ServerOption.all.map(\.flag))
    func explainsEveryOption(flag: String) throws {
        let option = try #require(ServerOption.all.first { $0.flag == flag })
        let names = option.takesValue ? "\(option.flag) \(option.placeholder)" : option.flag
        #expect(ServerHelp.text.contains("  \(names)\n      \(option.help)\n"))
        #expect(ServerHelp.text.contains("(\(option.variable); default: \(option.fallback))"))
    }

    @Test func namesNoOptionTwice() {
        #expect(Set(ServerOption.all.map(\.flag)).count == ServerOption.all.count)
        #expect(Set(ServerOption.all.map(\.variable)).count == ServerOption.all.count)
    }

    @Test func fitsATerminal() {
        for line in ServerHelp.text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
        #expect(ServerHelp.text.hasSuffix("\n"))
        #expect(ServerHelp.text.contains("--help"))
        #expect(ServerHelp.text.contains("--version"))
        #expect(ServerHelp.text.contains(ServerHelp.version))
    }
}
