import CommandOptions
import ExecCore
import Testing

@testable import ExecMCP

@Suite struct LauncherOptionTests {
    private func options(_ arguments: [String]) throws -> Options {
        guard case .serve(let options) = try ServerOptionParser.parse(arguments, environment: [:], defaults: Options())
        else {
            Issue.record("does not serve")
            return Options()
        }
        return options
    }

    @Test(arguments: [
        ("srun -n1  --input=0", ["srun", "-n1", "--input=0"]),
        (#"srun --comment='a b' "c\"d" e\ f ''"#, ["srun", "--comment=a b", "c\"d", "e f", ""]),
        ("srun $HOME; ls | cat *", ["srun", "$HOME;", "ls", "|", "cat", "*"]), ("none", []), ("./none", ["./none"]),
    ])
    func isSplitIntoWordsAsAShellDoesAndNothingIsExpanded(text: String, words: [String]) throws {
        #expect(try options(["--launcher", text]).launcher == words)
    }

    @Test func aHomeDirectoryBeforeTheProgramIsExpanded() throws {
        #expect(try options(["--launcher", "~/bin/go ~"]).launcher == ["\(Environment.home)/bin/go", "~"])
    }

    @Test func volumesOfOneMachineAreNotTheDefaultWorkspace() throws {
        let launched = try options(["--launcher", "srun"])
        #expect(launched.configuration.workspace == .ephemeral)
        #expect(launched.isLaunched)
        let named = try options(["--workspace", "persistent", "--launcher", "srun"])
        #expect(named.configuration.workspace == .persistent)
        let here = try options(["--launcher", "nice", "--engine-location", "local"])
        #expect(here.configuration.workspace == .persistent)
        #expect(!here.isLaunched)
        #expect(try options([]).configuration.workspace == .persistent)
    }

    @Test(arguments: [
        ("srun 'a", "a single quote (') is not closed"), ("''", "it names no program"),
        ("-n1 srun", "a program comes first, not an option"), ("srun\na", "it has a control character"),
        (String(repeating: "x", count: 4097), "more than 4096 bytes"),
    ])
    func saysWhatIsWrong(text: String, reason: String) {
        let error = #expect(throws: UsageError.self) { try options(["--launcher", text]) }
        #expect(error?.message.contains("(\(reason))") == true, "\(error?.message ?? "")")
    }
}
