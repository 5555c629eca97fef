import JSON
import MCP
import MCPClientTestSupport
import TestSupport
import Testing

@testable import MCPClient

/// Against the real server, without a sandbox.
@Suite(.timeLimit(.minutes(3))) struct ExecMCPTests {
    private let identity = ClientIdentity(name: "test", version: "0")

    private func with(_ revision: Revision, _ body: (MCPClient) async throws -> Void) async throws {
        ignoreBrokenPipes()
        let program = ServerProgram(
            executable: BuiltProgram.path("exec-mcp"),
            arguments: ["--skills", "\(Repository.path)/skills", "--tools", "\(Repository.path)/tools"],
            environment: ["PATH": "/usr/bin:/bin"])
        let client = try await MCPClient.start(
            program, identity, .patient, ServerHandlers(), probing: revision.isModern)
        #expect(client.server.revision == revision)
        try await closing(with: client.close) { try await body(client) }
    }

    @Test(arguments: [Revision.november2025, .july2026])
    func listsTheTools(revision: Revision) async throws {
        try await with(revision) { client in
            #expect(client.server.name == "exec-mcp")
            let tools = try await client.listTools()
            #expect(
                tools.map(\.name).sorted() == ["execute_bash", "read_docstring", "read_file", "write_file"])
            #expect(tools.allSatisfy { $0.inputSchema["type"] == "object" && !$0.description.isEmpty })
        }
    }

    @Test(arguments: [Revision.november2025, .july2026])
    func getsThePrompt(revision: Revision) async throws {
        try await with(revision) { client in
            let prompts = try await client.listPrompts()
            #expect(prompts.map(\.name) == ["agent_system_prompt"])
            let messages = try await client.getPrompt("agent_system_prompt")
            guard case .text(let text)? = messages.first?.content else {
                Issue.record("no text")
                return
            }
            #expect(text.contains("## Available Skills"))
            let error = await #expect(throws: MCPClientError.self) { try await client.getPrompt("none") }
            guard case .refused(-32602, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test(arguments: [Revision.november2025, .july2026])
    func listsAndReadsTheSkills(revision: Revision) async throws {
        try await with(revision) { client in
            let resources = try await client.listResources(meta: ["x-user-id": "somebody"])
            let main = try #require(resources.first { $0.uri.hasSuffix("/SKILL.md") })
            #expect(main.mediaType == "text/markdown")
            #expect(main.description != nil)
            let contents = try await client.readResource(main.uri)
            #expect(contents.first?.bytes.starts(with: "---\n".utf8) == true)
            let error = await #expect(throws: MCPClientError.self) {
                try await client.readResource("skill://no-such-skill/SKILL.md")
            }
            guard case .refused(client.server.revision.resourceNotFoundCode, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test(arguments: [Revision.november2025, .july2026])
    func hearsThatAUserCannotBe(revision: Revision) async throws {
        try await with(revision) { client in
            let error = await #expect(throws: MCPClientError.self) {
                try await client.callTool("execute_bash", ["command": "true"], meta: ["x-user-id": "/"], timeLimit: 60)
            }
            guard case .refused(-32602, _)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
