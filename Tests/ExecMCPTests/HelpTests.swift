import CommandOptions
import Testing

@testable import ExecMCP

@Suite struct HelpTests {
    @Test(arguments: OptionDescription.all.map(\.flag))
    func explainsEveryOption(flag: String) throws {
        let option = try #require(OptionDescription.all.first { $0.flag == flag })
        let names = option.takesValue ? "\(option.flag) \(option.placeholder)" : option.flag
        #expect(Help.text.contains("  \(names)\n      \(option.help)\n"))
        #expect(Help.text.contains("(\(option.variable); default: \(option.fallback))"))
    }

    @Test func namesNoOptionTwice() {
        #expect(Set(OptionDescription.all.map(\.flag)).count == OptionDescription.all.count)
        #expect(Set(OptionDescription.all.map(\.variable)).count == OptionDescription.all.count)
    }

    @Test func fitsATerminal() {
        for line in Help.text.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
        #expect(Help.text.hasSuffix("\n"))
        #expect(Help.text.contains("--help") && Help.text.contains("--version") && Help.text.contains(Help.version))
    }
}
