import Diagnostics
import ExecCoreTestSupport
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

/// Sandboxes that a launcher starts, with programs in the places of the launcher and of the engine.
@Suite(.timeLimit(.minutes(3))) struct LaunchedSandboxTests {
    private let directory: TemporaryDirectory
    private let news = Recorder<String>()
    private let log = Recorder<String>()
    private let user: UserID

    init() throws {
        ignoreBrokenPipes()
        directory = try TemporaryDirectory()
        user = try #require(UserID("ann"))
    }

    /// - Parameter script: what the launcher does, in the shell; `"$@"` is the engine's command.
    private func pool(launcher script: String, startTimeout: Int? = nil) async throws -> SandboxPool {
        let program = try await ScriptedEngine(ScriptedEngine.idleGuest, in: directory).commandLine.program
        let engine = DockerCLI(
            program: program, environment: [:],
            launcher: ["/bin/sh", "-c", script, "launcher", "\(directory.path)/sign"])
        var limits = Limits()
        limits.startTimeout = startTimeout
        return SandboxPool(
            configuration: SandboxConfiguration(), limits: limits,
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        ) { () throws(ExecError) in engine }
    }

    private func call(_ pool: SandboxPool) async throws {
        try await pool.withSandbox(of: user, onNews: { [news] in news.record($0) }) { #expect(!$0.hasEnded) }
    }

    /// Stands for a job that waits in a queue: it ends when it is told to, and leaves a sign of it.
    private static let waiting = """
        trap 'echo cancelled > "$1"; exit 1' TERM
        echo 'job 3 queued' >&2
        while :; do sleep 0.1; done
        """

    @Test func whatTheLauncherSaysReachesThoseWhoWait() async throws {
        let pool = try await pool(launcher: "echo 'job 3 queued' >&2; shift; exec \"$@\"")
        try await call(pool)
        #expect(news.elements == ["job 3 queued"])
        #expect(log.elements.contains { $0.contains("the engine says: job 3 queued") })
        // Nobody waits any more.
        try await call(pool)
        #expect(news.elements.count == 1)
        await pool.close(grace: 5)
    }

    @Test func aWaitThatIsTooLongIsToldAndEndsTheLauncherInOrder() async throws {
        let pool = try await pool(launcher: Self.waiting, startTimeout: 5)
        let error = await #expect(throws: ExecError.self) { try await call(pool) }
        #expect(error?.code == .engineFailed)
        let message = try #require(error?.message)
        #expect(message.contains("did not start within 5 seconds (--start-timeout)"), "\(message)")
        #expect(message.contains("its launcher said: job 3 queued."), "\(message)")
        try await eventually { Files.isRegularFile("\(directory.path)/sign") }
    }

    @Test func aServerThatEndsTakesAJobThatWaitsAlong() async throws {
        let pool = try await pool(launcher: Self.waiting)
        let task = Task { try await call(pool) }
        try await eventually { news.elements == ["job 3 queued"] }
        await pool.close(grace: 0)
        await #expect(throws: ExecError.self) { try await task.value }
        try await eventually { Files.isRegularFile("\(directory.path)/sign") }
    }

    @Test func aSignalToTheJobEndsTheEnginesCommandLineWhichIgnoresIt() async throws {
        let engine = try await ScriptedEngine(
            "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); \(ScriptedEngine.idleGuest)", in: directory)
        let job = DockerCLI(
            program: engine.commandLine.program, environment: [:],
            launcher: ["/bin/sh", "-c", "echo $$ > \"$0\"; exec \"$@\"", "\(directory.path)/sign"])
        let pool = SandboxPool(
            configuration: SandboxConfiguration(), limits: Limits(),
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        ) { () throws(ExecError) in job }
        try await pool.withSandbox(of: user) { sandbox in
            let text = String(decoding: Files.read("\(directory.path)/sign", limit: 100) ?? [], as: UTF8.self)
            kill(try #require(pid_t(text.lines.first ?? "")), SIGTERM)
            try await eventually { sandbox.hasEnded }
        }
        await pool.close(grace: 5)
    }

    @Test func theContainersLabelsSayThatAnotherMachineMayHaveIt() async throws {
        let pool = try await pool(launcher: "for word; do echo \"$word\"; done > \"$1\"; shift; exec \"$@\"")
        try await call(pool)
        let words = String(decoding: Files.read("\(directory.path)/sign", limit: 1 << 16) ?? [], as: UTF8.self).lines
        #expect(words.contains("io.exec-mcp.host=launcher/\(Owner.current().host)"))
        await pool.close(grace: 5)
    }
}
