import CommandOptions
import ExecCore
import Testing

@testable import ExecMCP

@Suite struct SubcommandTests {
    private struct Named: Subcommand {
        let name: String
        var flagsWithValue: [String] { ["--of-\(name)"] }
        let summary = ""
        let help = ""

        func run(_ arguments: [String], defaults: Options) -> Int32 { 0 }
    }

    private let commands: [any Subcommand] = [Named(name: "one"), Named(name: "two")]

    @Test(arguments: [
        (["one"], []), (["one", "--image", "x"], ["--image", "x"]), (["one", "two"], ["two"]),
        (["--image", "x", "one"], ["--image", "x"]),
        (["--image=x", "one", "--pids", "64"], ["--image=x", "--pids", "64"]),
        (["--prewarm", "one"], ["--prewarm"]), (["--user", "one", "one"], ["--user", "one"]),
        (["--user", "two", "--engine=two", "one", "two"], ["--user", "two", "--engine=two", "two"]),
        (["--of-one", "two", "one"], ["--of-one", "two"]), (["--of-one=1", "one"], ["--of-one=1"]),
        (["--unknown", "one"], ["--unknown"]), (["-h", "one"], ["-h"]),
        (["one", "--", "two", "one"], ["--", "two", "one"]), (["--user", "--", "one"], ["--user", "--"]),
    ])
    func findsTheCommandWhereverItStands(arguments: [String], rest: [String]) throws {
        let call = try #require(try Commands.call(in: arguments, of: commands))
        #expect(call.command.name == "one")
        #expect(call.arguments == rest)
    }

    @Test(arguments: [
        [], ["--image", "one"], ["--image=one"], ["-h"], ["help"], ["version"], ["--", "one"], ["--user", "one"],
        ["--engine", "two", "--user=one", "--prewarm"], ["--prewarm", "--", "one"], ["--image"], ["--of-two", "one"],
        ["--unknown", "three"], ["--imag=x", "three"],
    ])
    func leavesAnyOtherLineToTheServer(arguments: [String]) throws {
        #expect(try Commands.call(in: arguments, of: commands) == nil)
    }

    @Test(arguments: ServerOption.all.filter(\.takesValue).map(\.flag))
    func takesNoValueOfAnOptionForACommand(flag: String) throws {
        #expect(try Commands.call(in: [flag, "one"], of: commands) == nil)
        #expect(try Commands.call(in: [flag, "one", "two"], of: commands)?.command.name == "two")
    }

    @Test(arguments: ["", "on", "One", "serve", "a\nb", String(repeating: "x", count: 1000)])
    func refusesAnUnknownWordAndSaysWhatThereIs(word: String) {
        let error = #expect(throws: UsageError.self) { _ = try Commands.call(in: ["--prewarm", word], of: commands) }
        #expect(error?.message.hasSuffix(": choose from one, two; see exec-mcp --help") == true)
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
        #expect(ServerHelp.text.contains("  \(name.padded(to: 12))\(command.summary)\n"))
        #expect(command.help.contains("Usage: exec-mcp \(name)"))
        #expect(command.help.hasSuffix("\n"))
        #expect(!command.help.hasSuffix("\n\n"))
        for line in command.help.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
    }
}
