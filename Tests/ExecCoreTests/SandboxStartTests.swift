import Diagnostics
import ExecCoreTestSupport
import JSON
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

/// How a sandbox comes up and fails to, with a program in the engine's place.
@Suite(.timeLimit(.minutes(3))) struct SandboxStartTests {
    private let directory: TemporaryDirectory

    init() throws {
        ignoreBrokenPipes()
        directory = try TemporaryDirectory()
    }

    private func pool(_ script: String, log: Recorder<String> = Recorder()) async throws -> SandboxPool {
        try await ScriptedEngine(script, in: directory).pool(log: log)
    }

    private func failure(of pool: SandboxPool) async throws -> ExecError {
        let user = try #require(UserID("ann"))
        let error = await #expect(throws: ExecError.self) {
            try await pool.withSandbox(of: user) { _ = try await $0.execute("true", timeout: 5) }
        }
        return try #require(error)
    }

    @Test func tellsWhyTheEngineRefused() async throws {
        let pool = try await pool("sys.exit('docker: Error response from daemon: No such image: x.')")
        #expect(try await failure(of: pool).code == .imageMissing)
        #expect(await pool.count == 0)
    }

    @Test func tellsOfAnEngineThatCannotBeRun() async throws {
        let pool = SandboxPool(
            configuration: SandboxConfiguration(), limits: Limits(), logger: Logger(program: "exec-mcp", level: .error)
        ) {
            () throws(ExecError) in DockerCLI(program: "/nonexistent/docker", environment: [:])
        }
        let user = try #require(UserID("ann"))
        let error = await #expect(throws: (any Error).self) { try await pool.withSandbox(of: user) { _ in } }
        #expect("\(error.map { "\($0)" } ?? "")".contains("/nonexistent/docker"))
    }

    @Test func handsTheGuestItsProgramAndConfiguration() async throws {
        let pool = try await pool(
            """
            given = take()
            names = [name for name, source in given["modules"]]
            sys.exit(json.dumps([names[0], names[-1], given["config"]["pids"]]))
            """)
        #expect(try await failure(of: pool).message.contains(#"["frames", "main", 256]"#))
    }

    @Test(arguments: [
        (#"{"shell": False}"#, "no /bin/bash"),
        (#"{"shell": True, "unwritable": ["/workspace"]}"#, "/workspace cannot be written"),
    ])
    func refusesASandboxThatIsOfNoUse(handshake: String, part: String) async throws {
        let pool = try await pool("take(); say(1, 0, \(handshake)); sys.stdin.read()")
        let error = try await failure(of: pool)
        #expect(error.code == .engineFailed)
        #expect(error.message.contains(part), "\(error.message)")
    }

    /// A guest that can write nothing but as uid 1000, which owns the workspace or not.
    private func guest(owner: Int, place: String = "/workspace") -> String {
        """
        account = sys.argv[sys.argv.index("--user") + 1]
        open("\(directory.path)/accounts", "a").write(account + chr(10))
        take()
        if account == "1000:1000":
            say(1, 0, {"shell": True, "unwritable": [], "owners": {}})
        else:
            say(1, 0, {"shell": True, "unwritable": ["\(place)"], "owners": {"\(place)": \(owner)}})
        sys.stdin.read()
        """
    }

    private func accounts() throws -> [String] {
        String(decoding: Files.read("\(directory.path)/accounts", limit: 1000) ?? [], as: UTF8.self).lines
    }

    @Test(arguments: ["/workspace", "/artifacts"])
    func startsASandboxAnewWhoseDirectoriesOnlyTheCommonAccountMayWriteTo(place: String) async throws {
        let log = Recorder<String>()
        let pool = try await pool(guest(owner: 1000, place: place), log: log)
        let user = try #require(UserID("ann"))
        for _ in 0..<2 {
            try await pool.withSandbox(of: user) { sandbox in
                #expect(!sandbox.hasEnded)
                // The next call starts another.
                await sandbox.stop()
            }
        }
        #expect(try accounts() == ["43565:43565", "1000:1000", "1000:1000", ""])
        let warnings = log.elements.filter { $0.contains("warning:") }
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains("shares the kernel's limits") == true)
        await pool.close(grace: 10)
    }

    @Test(arguments: [0, 43_565, 4321])
    func staysUnderTheUsersOwnAccountWhereTheCommonOneIsNoBetter(owner: Int) async throws {
        let pool = try await pool(guest(owner: owner))
        #expect(try await failure(of: pool).message.contains("/workspace cannot be written"))
        #expect(try accounts() == ["43565:43565", ""])
    }

    @Test(arguments: [
        ("os.write(1, b'some text of an image that prints')", "wrote: some text of an image that prints"),
        ("os.write(1, b'Welcome to \\x1b[1mlab\\n'); say(1, 0, {'shell': True})", "wrote: Welcome to \u{FFFD}[1mlab —"),
        ("os.write(1, b'hi\\n'); say(1, 0, {'shell': True})", "wrote: hi —"),
        ("os.write(1, b'hi\\n'); sys.exit(0)", "started (exit status 0). Instead of the sandbox's first bytes"),
        ("os.write(1, b'x' * 300_000)", "xxx… —"), ("say(6, 77, {})", "standard output is the channel"),
        ("say(42, 0, b'')", "standard output is the channel"),
        ("os.write(1, b'\\xff' * 9)", "standard output is the channel"),
    ])
    func blamesTheEngineForWhatComesBeforeTheGuestsFirstWord(words: String, part: String) async throws {
        let error = try await failure(of: try await pool("take(); \(words); sys.stdin.read()"))
        #expect(error.code == .engineFailed)
        #expect(error.message.contains(part), "\(error.message)")
        #expect(!error.message.contains("tampered"))
    }

    @Test func logsWhatTheEngineSaysWhileASandboxStartsOnce() async throws {
        let log = Recorder<String>()
        let pool = try await pool(
            """
            os.write(2, b"Limits are ig")
            take()
            os.write(2, b"nored\\x1b[2J\\n")
            say(1, 0, {"shell": False})
            sys.stdin.read()
            """, log: log)
        for _ in 1...3 { _ = try await failure(of: pool) }
        #expect(
            log.elements.filter { $0.contains("ignored") } == [
                "exec-mcp: warning: the engine says: Limits are ignored\u{FFFD}[2J\n"
            ])
    }

    @Test func remembersWhichLimitsHold() async throws {
        let log = Recorder<String>()
        let limits = #"{"memory": -1, "cpus": 1.0, "pids": None}"#
        let pool = try await pool(
            #"take(); say(1, 0, {"shell": True, "limits": \#(limits)}); sys.stdin.read()"#, log: log)
        #expect(pool.limitKnowledge == LimitKnowledge())
        let user = try #require(UserID("ann"))
        try await pool.withSandbox(of: user) { _ in }
        #expect(pool.limitKnowledge == LimitKnowledge(held: [.processors], broken: [.memory]))
        #expect(log.elements.count { $0.contains("there is no memory limit. Code in") } == 1)
        await pool.close(grace: 5)
    }

    @Test func endsASandboxThatFloodsItsChannelAndKeepsNothingOfTheFlood() async throws {
        let log = Recorder<String>()
        let flood = """
            take()
            say(1, 0, {"shell": True})
            say(42, 0, b"")
            for _ in range(400):
                os.write(1, b"x" * 65536)
            """
        let pool = try await pool(flood, log: log)
        #expect(try await failure(of: pool).message.contains("tampered"))
        await pool.close(grace: 10)
        #expect(log.elements.count { $0.contains("error:") } == 1)
    }

    @Test func givesUpOnAnEngineThatNeverTakesTheGuestsProgram() async throws {
        let log = Recorder<String>()
        let pool = try await pool("time.sleep(1000)", log: log)
        let user = try #require(UserID("ann"))
        let call = Task { try await pool.withSandbox(of: user) { _ in } }
        while await pool.count == 0 { try await Task.sleep(for: .milliseconds(5)) }
        await pool.close(grace: 0)
        await #expect(throws: ExecError.self) { try await call.value }
        #expect(log.elements.contains { $0.contains("ended: signal 9") })
    }
}
