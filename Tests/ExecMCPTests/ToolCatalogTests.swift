import JSON
import MCP
import Testing

@testable import ExecCore
@testable import ExecMCP

@Suite struct ToolCatalogTests {
    private static let names = ["execute_bash", "write_file", "read_file", "read_docstring"]
    private let catalog = ToolCatalog(limits: Limits())

    @Test(arguments: Revision.allCases)
    func listsFourToolsInUnderNineHundredTokens(revision: Revision) throws {
        let listing = try #require(catalog.listing(for: revision).arrayValue)
        #expect(listing.compactMap { $0["name"]?.stringValue } == Self.names)
        #expect(catalog.listing(for: revision).text.count / 4 < 900)
    }

    @Test func declaresAnOutputSchemaOfCommandsAlone() throws {
        let listing = try #require(catalog.listing(for: .july2026).arrayValue)
        #expect(listing.filter { $0["outputSchema"] != nil }.map { $0["name"] } == ["execute_bash"])
    }

    @Test(arguments: [
        ("execute_bash", ["command", "timeout"], ["command"]),
        ("write_file", ["file_path", "content"], ["file_path", "content"]),
        ("read_file", ["file_path", "offset", "line_count"], ["file_path"]),
        ("read_docstring", ["file_path", "function_name"], ["file_path", "function_name"]),
    ])
    func namesTheArgumentsOfEachTool(name: String, arguments: [String], required: [String]) throws {
        let schema = try #require(catalog.tool(named: name)?.description.inputSchema)
        #expect(schema["type"] == "object")
        #expect(schema["properties"]?.objectValue?.keys == arguments)
        #expect(schema["required"] == .array(required.map(JSON.string)))
        #expect(schema["additionalProperties"] == false)
    }

    @Test func tellsTheModelTheLimits() {
        var limits = Limits()
        limits.maxTimeout = 4321
        limits.output = 76_543
        let listing = ToolCatalog(limits: limits).listing(for: .july2026).text
        #expect(listing.contains("4321"))
        #expect(listing.contains("76543"))
    }

    @Test(arguments: [10, 30, 600])
    func givesACommandThirtySecondsWhereItMayHaveThem(most: Int) {
        var limits = Limits()
        limits.maxTimeout = most
        let schema = ToolCatalog(limits: limits).tool(named: "execute_bash")?.description.inputSchema
        let timeout = schema?["properties"]?["timeout"]
        #expect(timeout?["default"] == .integer(min(30, most)))
        // In words too, for models whose client leaves the default out.
        #expect(timeout?["description"] == .string("Seconds, default \(min(30, most)), at most \(most)"))
    }

    /// A configuration, and what the tools hint at in it.
    struct HintCase: Sendable {
        let workspace: SandboxConfiguration.Workspace
        var network = "none"
        var hosts: [String] = []
        let commandDestroys: Bool
        let writingDestroys: Bool
        let isOpen: Bool
    }

    @Test(arguments: [
        HintCase(workspace: .persistent, commandDestroys: true, writingDestroys: true, isOpen: false),
        HintCase(workspace: .ephemeral, commandDestroys: false, writingDestroys: false, isOpen: false),
        HintCase(
            workspace: .directory(path: "/usr/lib", user: .ofThisAccount), commandDestroys: true,
            writingDestroys: true, isOpen: false),
        HintCase(
            workspace: .ephemeral, network: "bridge", commandDestroys: true, writingDestroys: false, isOpen: true),
        HintCase(
            workspace: .ephemeral, hosts: ["files.example:443"], commandDestroys: true, writingDestroys: false,
            isOpen: true),
        HintCase(
            workspace: .persistent, network: "lab", commandDestroys: true, writingDestroys: true, isOpen: true),
    ])
    func hintsAtWhatCanHappenInThisConfiguration(_ hints: HintCase) throws {
        var configuration = SandboxConfiguration()
        configuration.workspace = hints.workspace
        configuration.network = hints.network
        configuration.allowedHosts = hints.hosts.compactMap { AllowedHost($0) }
        let catalog = ToolCatalog(limits: Limits(), configuration: configuration)
        let command = try #require(catalog.tool(named: "execute_bash")?.description.annotations)
        #expect(
            command == [
                "readOnlyHint": false, "destructiveHint": .bool(hints.commandDestroys),
                "openWorldHint": .bool(hints.isOpen),
            ])
        let writing = try #require(catalog.tool(named: "write_file")?.description.annotations)
        #expect(writing["destructiveHint"] == .bool(hints.writingDestroys))
        #expect(writing["openWorldHint"] == false)
    }

    @Test(arguments: ["", "execute", "EXECUTE_BASH", "execute_bash "])
    func knowsNoOtherTool(name: String) {
        #expect(catalog.tool(named: name) == nil)
    }

    @Test(
        arguments: [
            ("execute_bash", [:], "command"), ("execute_bash", ["command": 1], "must be a string"),
            ("execute_bash", ["command": "ls", "timeout": "5 s"], "must be a number"),
            ("execute_bash", ["cmd": "ls"], "no argument cmd"),
            ("write_file", ["file_path": "a"], "content"), ("write_file", ["content": "a"], "file_path"),
            ("write_file", ["file_path": "a", "content": nil], "content, a string"), ("read_file", [:], "file_path"),
            ("read_file", ["file_path": "a", "offset": 1.5], "must be an integer"),
            ("read_file", ["file_path": "a", "line_count": "all"], "must be an integer"),
            ("read_docstring", ["file_path": "a"], "function_name"),
            ("read_docstring", ["file_path": "a", "function_name": []], "must be a string"),
        ] as [(String, JSONObject, String)])
    func refusesBadArgumentsBeforeAnySandbox(name: String, arguments: JSONObject, part: String) throws {
        let tool = try #require(catalog.tool(named: name))
        let error = #expect(throws: ToolArguments.MismatchError.self) { _ = try tool.prepare(arguments) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            ("execute_bash", ["command": "ls", "timeout": "5"]),
            ("execute_bash", ["command": "ls", "timeout": " 5.0 "]),
            ("execute_bash", ["command": "ls", "timeout": nil]), ("execute_bash", ["command": "ls", "cwd": "/"]),
            ("write_file", ["file_path": "a", "content": "", "mode": "0644"]),
            ("read_file", ["file_path": "a", "offset": "0", "line_count": "5"]),
            ("read_file", ["file_path": "a", "offset": nil, "line_count": .double(5)]),
            ("read_docstring", ["file_path": "a", "function_name": "f", "reason": "to know"]),
        ] as [(String, JSONObject)])
    func takesArgumentsAsModelsAndHostsWriteThem(name: String, arguments: JSONObject) throws {
        let tool = try #require(catalog.tool(named: name))
        _ = try tool.prepare(arguments)
        let isToldOf = arguments.keys.contains { ["cwd", "mode"].contains($0) }
        #expect((tool.remark(on: arguments) != nil) == isToldOf)
    }

    @Test(arguments: [
        (
            CommandResult.of(exitCode: 0, output: "a/b\n"), #"{"exit_code":0,"stdout":"a/b\n","stderr":""}"#
        ),
        (
            .of(exitCode: -1, error: "Command timed out", timedOut: true),
            #"{"exit_code":-1,"stdout":"","stderr":"Command timed out","timed_out":true}"#
        ),
        (
            .of(exitCode: 3, isTruncated: true),
            #"{"exit_code":3,"stdout":"","stderr":"","truncated":true}"#
        ),
    ])
    func writesACommandsResultShort(result: CommandResult, text: String) throws {
        let written = ExecuteBashTool.toolResult(result)
        #expect(written.content == [.text(text)])
        #expect(written.structuredContent == (try JSON.parse(Array(text.utf8))))
        #expect(!written.isError)
    }
}
