import ExecCore
import JSON
import MCP
import TestSupport
import Testing

@testable import ExecMCP

/// Resources, skills and completion as a session serves them, without an engine: artifacts have tests against the real
/// one.
@Suite(.timeLimit(.minutes(3))) struct ResourceSessionTests {
    private let place: TemporaryDirectory
    private let session: SessionHarness

    init() throws {
        let place = try TemporaryDirectory()
        try place.write("---\nname: alpha\ndescription: A.\nversion: 1.0\n---\n", to: "skills/alpha/SKILL.md")
        try place.write("print(1)\n", to: "skills/alpha/scripts/run.py")
        try place.write([0xFF, 0x00], to: "skills/alpha/data.bin")
        try place.write("---\nname: Not Valid\ndescription: B.\n---\n", to: "skills/beta/SKILL.md")
        self.place = place
        session = try SessionHarness { $0.configuration.skillsDirectories = ["\(place.path)/skills"] }
    }

    private func ask(_ method: String, _ params: JSONObject = [:]) async throws -> JSON {
        try await session.answer(method, SessionHarness.modern(params))
    }

    @Test func listsTheFilesOfEverySkill() async throws {
        let result = try #require(try await ask("resources/list")["result"])
        #expect(
            result["resources"]?.arrayValue?.map { $0["uri"] } == [
                "skill://Not%20Valid/SKILL.md", "skill://alpha/SKILL.md", "skill://alpha/data.bin",
                "skill://alpha/scripts/run.py",
            ])
        #expect(result["ttlMs"] == 0)
        #expect(result["cacheScope"] == "private")
        let main = try #require(result["resources"]?.arrayValue?[1])
        #expect(main["name"] == "alpha")
        #expect(main["description"] == "A.")
        #expect(main["mimeType"] == "text/markdown")
    }

    @Test func readsTextAndBytes() async throws {
        let text = try await ask("resources/read", ["uri": "skill://alpha/scripts/run.py"])
        #expect(text["result"]?["contents"]?.arrayValue?.map { $0["text"] } == ["print(1)\n"])
        let bytes = try await ask("resources/read", ["uri": "skill://alpha/data.bin"])
        #expect(bytes["result"]?["contents"]?.arrayValue?.map { $0["blob"] } == ["/wA="])
    }

    @Test(arguments: [
        "skill://alpha/nix", "skill://alpha", "skill://nix/SKILL.md", "skill://alpha/../beta/SKILL.md",
        "file:///etc/passwd",
        "", "artifact:///../x",
    ])
    func saysWhichResourceThereIsNot(uri: String) async throws {
        let modern = try await ask("resources/read", ["uri": .string(uri)])
        #expect(modern.errorCode == -32602)
        #expect(modern["error"]?["data"]?["uri"] == .string(uri))
        try await session.initialize("2025-11-25")
        let legacy = try await session.answer("resources/read", ["uri": .string(uri)])
        #expect(legacy.errorCode == -32002)
        #expect(legacy["error"]?["data"]?["uri"] == .string(uri))
    }

    @Test func saysWhatKeepsItFromReadingAnArtifact() async throws {
        let answer = try await ask("resources/read", ["uri": "artifact:///plot.png"])
        #expect(answer.errorCode == -32603)
        #expect(answer.errorMessage.contains("No engine"))
    }

    @Test func pagesThroughALongList() async throws {
        for number in 0..<250 { try place.write("", to: "skills/alpha/more/f\(1000 + number)") }
        var uris: [JSON?] = []
        var cursor: JSON?
        var pages = 0
        repeat {
            let result = try #require(try await ask("resources/list", cursor.map { ["cursor": $0] } ?? [:])["result"])
            uris += result["resources"]?.arrayValue?.map { $0["uri"] } ?? []
            cursor = result["nextCursor"]
            pages += 1
        } while cursor != nil
        #expect(pages == 3)
        #expect(uris.count == 254)
        #expect(Set(uris.compactMap { $0?.stringValue }).count == 254)
        #expect(try await ask("resources/list", ["cursor": "x"]).errorCode == -32602)
    }

    @Test func offersTheSkillsThatKeepTheFormat() async throws {
        let skills = try #require(try await ask("skills/list")["result"]?["skills"]?.arrayValue)
        #expect(skills.map { $0["uri"] } == ["skill://alpha/SKILL.md"])
        #expect(skills.first?["frontmatter"] == ["name": "alpha", "description": "A.", "version": 1.0])
        #expect(skills.first?["resources"]?.arrayValue?.count == 3)
        #expect(session.log.elements.contains { $0.contains("beta is not offered over MCP: name must be") })
        let one = try await ask("skills/get", ["uri": "skill://alpha/SKILL.md"])
        #expect(one["result"]?["skill"] == skills.first)
        for uri: JSON in ["skill://alpha", "skill://alpha/data.bin", "skill://Not%20Valid/SKILL.md", "x"] {
            #expect(try await ask("skills/get", ["uri": uri]).errorCode == -32602)
        }
    }

    @Test func listsADirectoryOfASkill() async throws {
        let root = try await ask("resources/directory/read", ["uri": "skill://alpha"])
        let children = try #require(root["result"]?["resources"]?.arrayValue)
        #expect(children.map { $0["name"] } == ["alpha", "data.bin", "scripts"])
        #expect(children.last?["mimeType"] == "inode/directory")
        #expect(root["result"]?["ttlMs"] == nil)
        let scripts = try await ask("resources/directory/read", ["uri": "skill://alpha/scripts"])
        #expect(scripts["result"]?["resources"]?.arrayValue?.map { $0["name"] } == ["run.py"])
        for uri: JSON in ["skill://alpha/data.bin", "skill://alpha/nix", "skill://nix", "artifact:///a", "x"] {
            #expect(try await ask("resources/directory/read", ["uri": uri]).errorCode == -32602)
        }
    }

    /// Behind a slash such a name is one character with it, and its two forms are one name to Swift.
    @Test func listsNamesThatBeginWithACombiningMarkAndBothFormsOfAName() async throws {
        for name in ["\u{301}x", "caf\u{E9}", "cafe\u{301}"] { try place.write(name, to: "skills/alpha/odd/\(name)") }
        let odd = try await ask("resources/directory/read", ["uri": "skill://alpha/odd"])
        let uris = odd["result"]?["resources"]?.arrayValue?.compactMap { $0["uri"]?.stringValue } ?? []
        let names = ["%CC%81x", "caf%C3%A9", "cafe%CC%81"]
        #expect(Set(uris) == Set(names.map { "skill://alpha/odd/\($0)" }))
        for uri in uris {
            let read = try await ask("resources/read", ["uri": .string(uri)])
            #expect(read["result"]?["contents"]?.arrayValue?.first?["uri"]?.stringValue == uri)
        }
    }

    @Test(arguments: [
        ("skill://{skill}/{+path}", "skill", "AL", ["alpha"]),
        ("skill://{skill}/{+path}", "path", "", ["SKILL.md", "data.bin", "scripts/run.py"]),
        ("skill://{skill}/{+path}", "path", "scr", ["scripts/run.py"]), ("artifact:///{name}", "name", "", []),
    ])
    func completesTheVariablesOfTheTemplates(
        template: String, variable: String, value: String, expected: [String]
    ) async throws {
        let result = try await ask(
            "completion/complete",
            [
                "ref": ["type": "ref/resource", "uri": .string(template)],
                "argument": ["name": .string(variable), "value": .string(value)],
                "context": ["arguments": ["skill": "alpha"]],
            ])
        #expect(result["result"]?["completion"]?["values"] == .array(expected.map(JSON.string)))
        #expect(result["result"]?["completion"]?["total"] == .integer(expected.count))
        #expect(result["result"]?["completion"]?["hasMore"] == false)
    }

    @Test(
        arguments: [
            ["ref": ["type": "ref/resource", "uri": "x:{a}"], "argument": ["name": "a", "value": ""]],
            ["ref": ["type": "ref/resource", "uri": "artifact:///{name}"], "argument": ["name": "b", "value": ""]],
            ["ref": ["type": "ref/prompt", "name": "x"], "argument": ["name": "a", "value": ""]],
            ["ref": ["type": "ref/prompt", "name": "agent_system_prompt"], "argument": ["name": "a"]],
            ["ref": ["type": "other"], "argument": ["name": "a", "value": ""]],
            ["argument": ["name": "a", "value": ""]],
            [:],
        ] as [JSONObject])
    func refusesACompletionOfWhatThereIsNot(params: JSONObject) async throws {
        #expect(try await ask("completion/complete", params).errorCode == -32602)
    }

    @Test func tellsOfAChangedSkill() async throws {
        try await session.initialize("2025-11-25")
        #expect(
            try await session.answer("resources/subscribe", ["uri": "skill://alpha/scripts/run.py"])["result"] == [:])
        try place.write("print(2)\n", to: "skills/alpha/scripts/run.py")
        let updated: JSON = [
            "jsonrpc": "2.0", "method": "notifications/resources/updated",
            "params": ["uri": "skill://alpha/scripts/run.py"],
        ]
        try await session.written.wait { $0.contains(updated) }
        let listChanged = "notifications/resources/list_changed"
        #expect(!session.written.elements.contains { $0["method"]?.stringValue == listChanged })
        try place.write("", to: "skills/alpha/new.txt")
        try await session.written.wait { $0.contains { $0["method"]?.stringValue == listChanged } }
        #expect(session.written.elements.contains { $0["method"] == "notifications/prompts/list_changed" })
    }
}
