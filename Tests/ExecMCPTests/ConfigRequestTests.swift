import CommandOptions
import ExecCore
import HostConfiguration
import SystemCalls
import Testing

@testable import ExecMCP

@Suite struct ConfigRequestTests {
    private let defaults: Options

    init() throws {
        defaults = Options(user: try #require(UserID("default")))
    }

    private func request(_ arguments: [String]) throws(UsageError) -> ConfigRequest {
        try ConfigRequest(arguments, defaults: defaults)
    }

    @Test func listsTheHostsWhereNothingIsSaid() throws {
        #expect(try request([]).host == nil)
    }

    @Test func printsTheEntryOfThisProgramUnlessToldOtherwise() throws {
        let plain = try request(["cursor"])
        #expect(plain.host?.name == "cursor")
        #expect(!plain.isWritten)
        #expect(!plain.forProject)
        #expect(plain.entry.name == "exec")
        #expect(plain.entry.program.hasPrefix("/"))
        #expect(Files.realPath(plain.entry.program) == Environment.programPath)
        #expect(plain.entry.arguments.isEmpty)
        #expect(plain.entry.maxCallSeconds == 600)
    }

    @Test func takesItsOwnArgumentsInAnyOrderAndTheServersBehindTwoHyphens() throws {
        let all = try request(
            [
                "--write", "--name=py", "vscode", "--project", "--program", "/p", "--", "--max-timeout=90", "--user",
                "ann",
            ])
        #expect(all.isWritten)
        #expect(all.forProject)
        #expect(all.host?.name == "vscode")
        #expect(all.entry.name == "py")
        #expect(all.entry.program == "/p")
        #expect(all.entry.arguments == ["--max-timeout=90", "--user", "ann"])
        #expect(all.entry.maxCallSeconds == 90)
    }

    @Test(arguments: [
        ["vscode", "--", "--workspace", "/usr/lib"], ["vscode", "--", "--skills=/usr/lib:/usr/share"],
        ["vscode", "--", "--workspace", "ephemeral"], ["vscode", "--", "--engine", "podman"],
        ["vscode", "--", "--image", "a/b:c"], ["vscode", "--"], ["vscode", "--", "--prewarm", "--tools=/usr/lib"],
        ["vscode", "--", "--workspace", "file:///usr/lib"], ["vscode", "--", "--workspace=~"],
        ["vscode", "--", "--skills", "file:///usr/lib:/usr/share"],
        ["vscode", "--", "--tools", "none", "--skills=none"],
    ])
    func takesOptionsThatHoldAnywhere(arguments: [String]) throws {
        #expect(try request(arguments).entry.arguments == Array(arguments.dropFirst(2)))
    }

    @Test(arguments: [
        ["cursor", "--memory", "2g", "--prewarm"], ["--memory", "2g", "--prewarm", "cursor"],
        ["--memory", "2g", "cursor", "--", "--prewarm"],
    ])
    func takesOptionsOfTheServerAmongItsOwn(arguments: [String]) throws {
        let request = try request(arguments)
        #expect(request.host?.name == "cursor")
        #expect(request.entry.arguments == ["--memory", "2g", "--prewarm"])
    }

    @Test(arguments: [
        ([], true), (["--memory", "2g"], true), (["--workspace", "ephemeral"], true), (["--network=none"], true),
        (["--workspace", "/usr/lib"], false), (["--network", "bridge"], false),
        (["--allow-host", "files.example:443"], false),
    ])
    func seesWhetherWhatRunsIsConfined(options: [String], isConfined: Bool) throws {
        #expect(try request(["codex", "--"] + options).entry.isConfined == isConfined)
    }

    @Test(
        arguments: [
            (["emacs"], "unknown host 'emacs': the hosts are claude-code, "), (["cursor", "zed"], "'zed'"),
            (["cursor", "--wirte"], "'--wirte'"), (["cursor", "--write=yes"], "'--write=yes'"),
            (["cursor", "--memry", "2g"], "after --"), (["cursor", "a\nb"], "'a b'"),
            (["cursor", "--memory", "1"], "--memory does not accept"),
            (["cursor", "--memory"], "--memory needs a value"),
            (["cursor", "--name"], "--name needs a value"), (["cursor", "--name", "a b"], "--name does not accept"),
            (["cursor", "--program", "bin/exec-mcp"], "an absolute path"), (["--write"], "needs a host"),
            (["--", "--user", "x"], "needs a host"), (["zed", "--project"], "Zed has no project file"),
            (["cursor", "--", "--memry", "2g"], "'--memry'"),
            (["cursor", "--", "--memory", "1"], "--memory does not accept"),
            (["cursor", "--", "--memory"], "--memory needs a value"),
            (["cursor", "--", "--help"], "the arguments after --"),
            (["cursor", "--", "--workspace", "./Sources"], "an absolute path"),
            (["cursor", "--", "--workspace", "Sources"], "an absolute path"),
            (["cursor", "--workspace", "."], "an absolute path"), (["cursor", "--workspace=.."], "an absolute path"),
            (["cursor", "--", "--tools", "Sources"], "an absolute path"),
            (["cursor", "--", "--audit-log", "calls"], "an absolute path"),
            (["cursor", "--", "--audit-log", "none"], "an absolute path"),
            (["cursor", "--", "--prewarm", "--tools", "Sources"], "an absolute path"),
            (["cursor", "--", "--skills=/usr/lib:Sources"], "an absolute path"),
            (["cursor", "--", "--engine", "bin/docker"], "an absolute path"),
        ] as [([String], String)])
    func refusesAnythingElseAndSaysWhatItTakes(arguments: [String], part: String) {
        let error = #expect(throws: UsageError.self) { _ = try request(arguments) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }
}
