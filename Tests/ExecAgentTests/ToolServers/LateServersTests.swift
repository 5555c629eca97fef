import JSON
import MCPServers
import MCPServersTestSupport
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Servers that are silent, or die, beside one that is well.
@Suite(.timeLimit(.minutes(3))) struct LateServersTests {
    private let fixture = Fixture()

    private static let well = ToolServerEntry.fake(
        "serve(lambda m: answer(m, {'tools': [{'name': 'read', 'inputSchema': {}}], 'prompts': [], 'resources': []}))",
        name: "well")

    private static func entry(_ script: String, startSeconds: Double? = nil) -> ToolServerEntry {
        var entry = ToolServerEntry.fake(script, name: "odd")
        entry.startSeconds = startSeconds
        return entry
    }

    /// What keeps a server from saying what it has: nothing is answered, the list is not, nothing is read.
    @Test(arguments: [
        "say('downloading'); say(''); say('  still  '); [None for m in messages()]",
        "serve(lambda m: say('downloading') or say('still'))",
        "say('downloading'); say('still'); time.sleep(1000)",
    ])
    func aRunBeginsWithoutAServerThatIsSilent(script: String) async throws {
        let entries = [Self.entry(script, startSeconds: 2), Self.well]
        try await fixture.withServers(entries) { servers in
            let start = Task { _ = try? await servers.group.servers[0].text("t") }
            defer { start.cancel() }
            try await fixture.said.wait(forCount: 2)
            // The second time nobody waits, and prompts and artifacts are had as well.
            for _ in 0..<2 {
                let names = try await servers.tools().map(\.name)
                #expect(names == ["read"])
            }
            _ = await servers.systemPrompt(for: nil)
            let artifacts = try await servers.artifacts(of: nil)
            #expect(artifacts.isEmpty)
            await #expect(throws: ToolServerError.self) { try await servers.artifact(named: "x", of: nil) }
        }
        let lines = fixture.log.elements
        #expect(lines.allSatisfy { $0.hasPrefix("The tool server odd has not answered in 2 seconds") }, "\(lines)")
        #expect(lines.first?.contains("downloading / still") == true, "\(lines)")
    }

    @Test func aServerThatWasLateIsUsedWhenItHasCome() async throws {
        let script = """
            go = threading.Event()
            def wait():
                while not os.path.exists(sys.argv[-1]): time.sleep(0.01)
                go.set()
            threading.Thread(target=wait, daemon=True).start()
            go.wait()
            serve(lambda m: answer(m, {'tools': [{'name': 'write', 'inputSchema': {}}], 'prompts': []}))
            """
        let directory = try TemporaryDirectory()
        var late = Self.entry(script, startSeconds: 1)
        late.arguments.append(directory.path + "/go")
        try await fixture.withServers([late, Self.well]) { servers in
            let before = try await servers.tools().map(\.name)
            #expect(before == ["read"])
            try directory.write("", to: "go")
            while await servers.group.servers[0].health != .running { try await Task.sleep(for: .milliseconds(20)) }
            let after = try await servers.tools().map(\.name)
            #expect(after == ["write", "read"])
        }
    }

    @Test func whereThereIsNoOtherServerALateOneIsWaitedFor() async throws {
        let script = """
            time.sleep(1)
            serve(lambda m: answer(m, {'tools': [{'name': 'write', 'inputSchema': {}}]}))
            """
        try await fixture.withServers([Self.entry(script)], startSeconds: 0.1) { servers in
            let names = try await servers.tools().map(\.name)
            #expect(names == ["write"])
        }
        #expect(fixture.log.elements == ["no tool server has answered yet; waiting for odd"])
    }

    @Test(arguments: [
        ("sys.exit(3)", "exit status 3"), ("say('first'); say('second'); sys.exit(1)", "it last said: first / second"),
        ("say('why'); os.kill(os.getpid(), signal.SIGKILL)", "signal 9; it last said: why"),
        ("raise ValueError('no key')", "ValueError: no key"),
    ])
    func aRunBeginsWithoutAServerThatDies(script: String, part: String) async throws {
        try await fixture.withServers([Self.entry(script), Self.well]) { servers in
            let names = try await servers.tools().map(\.name)
            #expect(names == ["read"])
            _ = await servers.systemPrompt(for: nil)
        }
        let lines = fixture.log.elements
        try #require(lines.count == 1, "\(lines)")
        #expect(lines[0].hasPrefix("The tool server odd cannot be started"), "\(lines)")
        #expect(lines.first?.contains(part) == true, "\(lines)")
    }

    @Test func aRunBeginsWithoutAServerThatIsNotThere() async throws {
        let entries = [ToolServerEntry(name: "odd", command: "no-such-program"), Self.well]
        try await fixture.withServers(entries) { servers in
            let names = try await servers.tools().map(\.name)
            #expect(names == ["read"])
        }
        #expect(
            fixture.log.elements
                == ["The tool server odd cannot be started: there is no program no-such-program on PATH"])
    }
}
