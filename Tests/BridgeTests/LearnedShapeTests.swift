import ExecCore
import Foundation
import JSON
import TestSupport
import Testing

@testable import Bridge

/// What is learned of results of tools that declare no output.
@Suite(.timeLimit(.minutes(3))) struct LearnedShapeTests {
    /// Its tool `find` returns what it is given; `declares` has an output schema.
    private static func server(_ description: String = "Finds.") -> String {
        Script.server(
            #"[tool("find", description="\#(description)"), tool("declares", outputSchema={"type": "object"})]"#,
            """
            def handle_call(message, name, arguments):
                answer(message, {"content": [], "structuredContent": arguments})
            """)
    }

    private static func documentation(of tool: String = "find", _ client: Client, id: Int) async throws -> String {
        let answer = try await client.ask("tool", ["server": "fake", "tool": .string(tool)], id: id)
        return answer["result"]?["docstring"]?.stringValue ?? "none"
    }

    private static func source(_ files: [ModuleFile]?) -> String? {
        files?.first { $0.path == "servers/fake.py" }.map { String(decoding: $0.content, as: UTF8.self) }
    }

    @Test func resultsAreDocumentedByNamesAndTypes() async throws {
        try await Harness.with([Harness.open(Self.server())]) { harness in
            let client = try harness.connect()
            _ = try await client.tool("find", ["order_id": "secret-1", "note": "x"], id: 1)
            _ = try await client.tool("find", ["order_id": "secret-2"], id: 2)
            _ = try await client.tool("declares", ["a": 1], id: 3)
            let text = try await Self.documentation(client, id: 4)
            #expect(text.contains("\n\nReturns: not declared; seen: {order_id: str, note?: str}\n"), "\(text)")
            let other = try await Self.documentation(of: "declares", client, id: 5)
            #expect(!other.contains("seen"))
        }
    }

    @Test func modulesAreInstalledAgainOnlyIfTheDocumentationChanges() async throws {
        try await Harness.with([Harness.open(Self.server())]) { harness in
            #expect(await harness.session.changedModules() != nil)
            let client = try harness.connect()
            _ = try await client.tool("find", ["a": 1], id: 1)
            #expect(Self.source(await harness.session.changedModules())?.contains("seen: {a: int}") == true)
            #expect(await harness.session.changedModules() == nil)
            for id in 2...9 { _ = try await client.tool("find", ["a": .integer(id)], id: id) }
            #expect(await harness.session.changedModules() == nil)
        }
    }

    @Test func modulesThatWereNotInstalledComeAgain() async throws {
        try await Harness.with([Harness.open(Self.server())]) { harness in
            let first = await harness.session.changedModules()
            #expect(first != nil)
            harness.session.modulesWereNotInstalled()
            #expect(await harness.session.changedModules() == first)
            #expect(await harness.session.changedModules() == nil)
        }
    }

    @Test func modulesOfARunningCommandAreNotReplacedForDocumentation() async throws {
        try await Harness.with([Harness.open(Self.server())]) { harness in
            _ = await harness.session.changedModules()
            harness.session.beginCommand(7, BridgedCommand(holdClock: { _ in }))
            _ = try await harness.connect(7).tool("find", ["a": 1])
            #expect(await harness.session.changedModules() == nil)
            _ = await harness.session.endCommand(7)
            #expect(Self.source(await harness.session.changedModules())?.contains("seen: {a: int}") == true)
        }
    }

    @Test func whatWasLearnedIsKnownInTheNextRunToTheSameUserOnly() async throws {
        for isShared in [false, true] {
            let directory = try TemporaryDirectory()
            let state = StateDirectory(path: directory.path)
            let entries = [Harness.open(Self.server(), ["shared": .bool(isShared)])]
            try await Harness.with(entries, state: state) { harness in
                _ = try await harness.connect().tool("find", ["a": 1])
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/shapes")
            #expect(files.count == 1)
            let path = "\(directory.path)/shapes/\(files.first ?? "")"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? Int) == 0o600)
            try await Harness.with(entries, state: state) { harness in
                let text = try await Self.documentation(try harness.connect(), id: 1)
                #expect(text.contains("seen: {a: int}"))
                let bob = try #require(UserID("bob"))
                let other = try await Self.documentation(try harness.connect(as: bob), id: 1)
                #expect(!other.contains("seen"), "names in one user's results may be data")
                #expect(!harness.log.elements.contains { $0.contains("says: started") })
            }
        }
    }

    /// Names that are data, in any place that a name can have.
    @Test(
        arguments: [
            ["hunter2": true], ["alice": 30, "bob": 5], ["members": ["maria": ["role": "x"], "john": ["role": "y"]]],
            ["rows": [["sk_live_1": 1], ["sk_live_2": 2]]],
        ] as [JSON])
    func nothingOfAUsersResultsReachesAnotherUserOfASharedServer(result: JSON) async throws {
        let entries = [Harness.open(Self.server(), ["shared": true])]
        try await Harness.with(entries) { harness in
            let client = try harness.connect()
            let bob = try harness.connect(as: try #require(UserID("bob")))
            _ = try await client.tool("find", result, id: 1)
            let mine = try await Self.documentation(client, id: 2)
            #expect(mine.contains("seen: "))
            let others = try await Self.documentation(bob, id: 1)
            #expect(!others.contains("seen"), "\(others)")
            #expect(Self.source(await harness.session.changedModules())?.contains("seen: ") == true)
            _ = try await bob.tool("find", ["b": 1], id: 2)
            let learned = try await Self.documentation(bob, id: 3)
            #expect(learned.contains("seen: {b: int}"))
            let unchanged = try await Self.documentation(client, id: 3)
            #expect(unchanged == mine)
        }
    }

    @Test func aToolThatHasChangedIsLearnedAnew() async throws {
        let directory = try TemporaryDirectory()
        let program = "\(directory.path)/description"
        try "one".write(toFile: program, atomically: true, encoding: .utf8)
        let script = Script.server(
            #"[tool("find", description=open("\#(program)").read())]"#,
            """
            def handle_call(message, name, arguments):
                notify("notifications/tools/list_changed")
                answer(message, {"content": [], "structuredContent": arguments})
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let client = try harness.connect()
            _ = try await client.tool("find", ["a": 1], id: 1)
            try "two".write(toFile: program, atomically: true, encoding: .utf8)
            _ = try await client.tool("find", ["b": 1], id: 2)
            try await eventually {
                _ = try await client.ask("tools", ["server": "fake"], id: 3)
                let text = try await Self.documentation(client, id: 4)
                return text.contains("two") && !text.contains("seen: {a")
            }
            _ = try await client.tool("find", ["c": "x"], id: 5)
            let learned = try await Self.documentation(client, id: 6)
            // The second call may have been made with the second description already.
            #expect(learned.contains("c: str") || learned.contains("c?: str"), "\(learned)")
            #expect(!learned.contains("a: int"))
            #expect(!learned.contains("a?: int"))
        }
    }

    @Test(arguments: ["", "{", "[]", #"{"format":1,"tools":{"find":{"definition":1}}}"#, #"{"format":2,"tools":{}}"#])
    func aDamagedFileIsForgotten(content: String) async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: directory.path)
        let entries = [Harness.open(Self.server())]
        try await Harness.with(entries, state: state) { _ = try await $0.connect().tool("find", ["a": 1]) }
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/shapes") {
            state.write(Array(content.utf8), to: "shapes/\(file)")
        }
        try await Harness.with(entries, state: state) { harness in
            let client = try harness.connect()
            let forgotten = try await Self.documentation(client, id: 1)
            #expect(!forgotten.contains("seen"))
            _ = try await client.tool("find", ["b": 1], id: 2)
            let learned = try await Self.documentation(client, id: 3)
            #expect(learned.contains("seen: {b: int}"))
        }
    }
}
