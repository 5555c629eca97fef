import MCPServers
import MCPServersTestSupport
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Artifacts and skills of the servers.
@Suite(.timeLimit(.minutes(3))) struct ResourceTests {
    private let fixture = Fixture()

    /// A server with an artifact and a skill. Each user has artifacts of his own.
    private static func entry(_ name: String) -> ToolServerEntry {
        ToolServerEntry.fake(
            """
            def handle(message):
                user = message.get("params", {}).get("_meta", {}).get("x-user-id", "nobody")
                if message["method"] == "resources/list":
                    answer(message, {"resources": [
                        {"uri": "artifact:///of%20" + user, "name": "x", "mimeType": "text/csv", "size": 3},
                        {"uri": "artifact:///both", "name": "both"},
                        {"uri": "skill://\(name)/SKILL.md", "name": "y", "description": "about \(name)"},
                        {"uri": "skill://\(name)/more.md", "name": "z"}, {"uri": "other:x", "name": "w"}]})
                elif message["params"]["uri"] == "artifact:///of%20" + user:
                    answer(message, {"contents": [
                        {"uri": message["params"]["uri"], "mimeType": "text/csv", "blob": "AP/+"}]})
                elif message["params"]["uri"] == "skill://\(name)/SKILL.md":
                    answer(message, {"contents": [{"uri": message["params"]["uri"], "text": "# \(name)"}]})
                elif message["params"]["uri"] == "artifact:///broken":
                    refuse(message, -32603, "the disk is on fire")
                else:
                    refuse(message, -32002, "no such resource")
            serve(handle)
            """, name: name)
    }

    @Test func listsTheArtifactsOfAUser() async throws {
        try await fixture.withServers([Self.entry("one"), Self.entry("two")]) { servers in
            let anns = try await servers.artifacts(of: "ann")
            #expect(
                anns == [
                    ArtifactInfo(name: "of ann", mediaType: "text/csv", size: 3),
                    ArtifactInfo(name: "both", mediaType: "application/octet-stream", size: nil),
                ])
            let nobodys = try await servers.artifacts(of: nil).map(\.name)
            #expect(nobodys == ["of nobody", "both"])
        }
    }

    @Test func takesTwoSpellingsOfANameForTwoFiles() async throws {
        let spellings = ["caf\u{E9}.txt", "cafe\u{301}.txt"]
        let entry = ToolServerEntry.fake(
            """
            names = {"caf%C3%A9.txt": "composed", "cafe%CC%81.txt": "decomposed"}
            def handle(message):
                if message["method"] == "resources/list":
                    answer(message, {"resources": [{"uri": "artifact:///" + name, "name": name} for name in names]})
                else:
                    uri = message["params"]["uri"]
                    answer(message, {"contents": [{"uri": uri, "text": names[uri.removeprefix("artifact:///")]}]})
            serve(handle)
            """)
        try await fixture.withServers([entry]) { servers in
            let names = try await servers.artifacts(of: nil).map(\.name)
            #expect(names.map { Array($0.utf8) } == spellings.map { Array($0.utf8) })
            for (name, text) in zip(names, ["composed", "decomposed"]) {
                let file = try await servers.artifact(named: name, of: nil)
                #expect(file.bytes == Array(text.utf8))
            }
        }
    }

    @Test func readsTheBytesOfAnArtifact() async throws {
        try await fixture.withServers([Self.entry("one")]) { servers in
            let file = try await servers.artifact(named: "of ann", of: "ann")
            #expect(file == ArtifactFile(mediaType: "text/csv", bytes: [0, 0xFF, 0xFE]))
            for (name, user) in [("of ann", "bob"), ("../x", "ann"), ("", "ann")] {
                let error = await #expect(throws: ToolServerError.self) {
                    try await servers.artifact(named: name, of: user)
                }
                #expect(error?.isNotFound == true)
            }
            let error = await #expect(throws: ToolServerError.self) {
                try await servers.artifact(named: "broken", of: nil)
            }
            #expect(error == ToolServerError(message: "The tool server one: the disk is on fire"))
        }
    }

    @Test func tellsAFailureFromNothing() async throws {
        let silent = ToolServerEntry.fake("serve(None, capabilities=('tools',))", name: "silent")
        let broken = ToolServerEntry.fake("serve(lambda m: refuse(m, -32603, 'no disk'))", name: "broken")
        try await fixture.withServers([silent, broken]) { servers in
            await #expect(throws: ToolServerError(message: "The tool server broken: no disk")) {
                try await servers.skills(of: nil)
            }
        }
        try await fixture.withServers([silent]) { servers in
            let skills = try await servers.skills(of: nil)
            #expect(skills.isEmpty)
        }
    }

    @Test func listsAndReadsTheSkillsOfAllServers() async throws {
        let silent = ToolServerEntry.fake("serve(None, capabilities=('tools',))", name: "silent")
        try await fixture.withServers([silent, Self.entry("one"), Self.entry("two")]) { servers in
            let skills = try await servers.skills(of: nil)
            #expect(
                skills == [
                    SkillInfo(name: "one", description: "about one"), SkillInfo(name: "two", description: "about two"),
                ])
            let text = try await servers.skill(named: "two", of: nil)
            #expect(text == "# two")
            await #expect(throws: ToolServerError(message: "There is no skill three.", isNotFound: true)) {
                try await servers.skill(named: "three", of: nil)
            }
        }
    }

    @Test func offersWhatTheRealServerHas() async throws {
        let entry = ToolServerEntry(
            name: "exec-mcp", command: BuiltProgram.path("exec-mcp"),
            arguments: ["--skills", "\(Repository.path)/skills", "--tools", "\(Repository.path)/tools"])
        try await fixture.withServers([entry]) { servers in
            let tools = try await servers.tools()
            #expect(tools.map(\.name).contains("execute_bash"))
            #expect(await servers.systemPrompt(for: nil).contains("## Available Skills"))
            let skill = try #require(try await servers.skills(of: nil).first)
            #expect(!skill.description.isEmpty)
            let text = try await servers.skill(named: skill.name, of: nil)
            #expect(text.hasPrefix("---\n"))
            let artifacts = try await servers.artifacts(of: "somebody")
            #expect(artifacts.isEmpty)
            #expect(await servers.health() == [ToolServerHealth(name: "exec-mcp", state: .running)])
        }
        #expect(fixture.log.elements.isEmpty)
    }
}
