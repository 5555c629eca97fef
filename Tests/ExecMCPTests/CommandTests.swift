import CommandOptions
import ExecCore
import Testing

@testable import ExecMCP

@Suite struct CommandTests {
    private struct Named: Command {
        let name: String
        let summary = ""
        let help = ""

        func run(_ arguments: [String], defaults: Options) -> Int32 { 0 }
    }

    private let commands: [any Command] = [Named(name: "one"), Named(name: "two")]

    @Test(arguments: [["one"], ["one", "--image", "x"], ["one", "two"]])
    func findsTheCommandThatALineBeginsWith(arguments: [String]) throws {
        #expect(try Commands.command(in: arguments, of: commands)?.name == "one")
    }

    @Test(arguments: [[], ["--image", "one"], ["-h"], ["help"], ["version"], ["--", "one"]])
    func leavesAnyOtherLineToTheServer(arguments: [String]) throws {
        #expect(try Commands.command(in: arguments, of: commands) == nil)
    }

    @Test(arguments: ["", "on", "One", "serve", "a\nb", String(repeating: "x", count: 1000)])
    func refusesAnUnknownWordAndSaysWhatThereIs(word: String) {
        let error = #expect(throws: UsageError.self) { _ = try Commands.command(in: [word], of: commands) }
        #expect(error?.message.hasSuffix(": there is one, two; exec-mcp --help explains them") == true)
        #expect(error?.message.contains("\n") == false)
        #expect((error?.message.count ?? .max) < 200)
    }

    @Test func helpIsAskedForBeforeTheArgumentsOfTheServer() {
        #expect(Commands.wantsHelp(["x", "--help"]))
        #expect(Commands.wantsHelp(["-h", "--"]))
        #expect(!Commands.wantsHelp(["x", "--", "--help"]))
        #expect(!Commands.wantsHelp(["help"]))
    }

    @Test(arguments: Commands.all.map(\.name))
    func everyCommandExplainsItself(name: String) throws {
        let command = try #require(Commands.all.first { $0.name == name })
        #expect(Commands.all.filter { $0.name == name }.count == 1)
        #expect(name.allSatisfy { $0.isASCII && $0.isLowercase })
        #expect(Help.text.contains("  \(name.padded(to: 10))\(command.summary)\n"))
        #expect(command.help.contains("Usage: exec-mcp \(name)"))
        #expect(command.help.hasSuffix("\n") && !command.help.hasSuffix("\n\n"))
        for line in command.help.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    }
}
