import Diagnostics
import ExecCoreTestSupport
import TestSupport
import Testing

@testable import ExecCore

/// Sandboxes that are started ahead of the first call, with a program in the engine's place.
@Suite(.timeLimit(.minutes(3))) struct PrewarmTests {
    private let directory: TemporaryDirectory
    private let log = Recorder<String>()
    private let ann: UserID
    private let bob: UserID
    private let cleo: UserID

    init() throws {
        ignoreBrokenPipes()
        directory = try TemporaryDirectory()
        ann = try #require(UserID("ann"))
        bob = try #require(UserID("bob"))
        cleo = try #require(UserID("cleo"))
    }

    private func pool(
        _ script: String = ScriptedEngine.idleGuest, room: Int = 32, idleTimeout: Int = 1800
    ) async throws -> SandboxPool {
        var limits = Limits()
        limits.maxSandboxes = room
        limits.idleTimeout = idleTimeout
        return try await ScriptedEngine(script, in: directory).pool(limits: limits, log: log)
    }

    /// Guests that come up when ``openGate()`` was called.
    private var gatedGuest: String {
        """
        while not os.path.exists("\(directory.path)/gate"): time.sleep(0.01)
        \(ScriptedEngine.idleGuest)
        """
    }

    private func openGate() throws { try directory.write("", to: "gate") }

    private func waitForLog(_ part: String, count: Int = 1) async throws {
        try await log.wait { $0.count { $0.contains(part) } >= count }
    }

    private func logCount(_ part: String) -> Int { log.elements.count { $0.contains(part) } }

    @Test func theFirstCallFindsItsSandboxUp() async throws {
        let pool = try await pool()
        pool.prewarm([ann])
        try await waitForLog("sandbox mcp-executor-ann-")
        try await waitForLog("is prewarmed for the next call")
        try await pool.withSandbox(of: ann, onStart: { Issue.record("it had to wait") }) { _ in }
        #expect(logCount("starting sandbox") == 1)
        await pool.close(grace: 10)
    }

    @Test func aCallJoinsTheStartThatIsUnderWayAndHearsOfIt() async throws {
        let pool = try await pool(gatedGuest)
        pool.prewarm([ann])
        try await waitForLog("starting sandbox")
        let waits = Recorder<Bool>()
        let call = Task { try await pool.withSandbox(of: ann, onStart: { waits.record(true) }) { $0.name } }
        try await waits.wait(forCount: 1)
        try openGate()
        let name = try await call.value
        try await waitForLog("sandbox \(name) is prewarmed")
        #expect(logCount("starting sandbox") == 1)
        await pool.close(grace: 10)
    }

    @Test func whoWantsARunningSandboxDoesNotWaitForTheStart() async throws {
        let pool = try await pool("time.sleep(20); \(ScriptedEngine.idleGuest)")
        pool.prewarm([ann])
        try await waitForLog("starting sandbox")
        #expect(try await pool.withRunningSandbox(of: ann) { $0.name } == nil)
        await pool.close(grace: 0)
    }

    @Test func aCallThatJoinedAStartThatFailsHearsWhyAndTheNextOneTriesAgain() async throws {
        let pool = try await pool(
            """
            while not os.path.exists("\(directory.path)/gate"): time.sleep(0.01)
            sys.exit("docker: Error response from daemon: No such image: x.")
            """)
        pool.prewarm([ann])
        try await waitForLog("starting sandbox")
        let waits = Recorder<Bool>()
        let call = Task { try await pool.withSandbox(of: ann, onStart: { waits.record(true) }) { _ in } }
        try await waits.wait(forCount: 1)
        try openGate()
        #expect(await #expect(throws: ExecError.self) { try await call.value }?.code == .imageMissing)
        try await waitForLog("warning: the sandbox of ann could not be prewarmed")
        await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
        #expect(logCount("starting sandbox") == 2)
        // What the engine said is a warning of its own.
        #expect(logCount("warning: the sandbox of ann") == 1)
    }

    @Test func failuresThatAreAlikeAreOneWarning() async throws {
        let pool = SandboxPool(
            configuration: SandboxConfiguration(), limits: Limits(),
            logger: Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        ) { () throws(ExecError) in throw ExecError(.engineMissing, "No engine: install one.") }
        pool.prewarm([ann, bob])
        try await waitForLog("could not be prewarmed")
        pool.prewarm([ann, bob, cleo])
        let error = await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
        #expect(error?.code == .engineMissing)
        #expect(log.elements.count == 1)
        #expect(log.elements.first?.contains("No engine: install one.") == true)
    }

    @Test func startsAFewAtOnce() async throws {
        let pool = try await pool(gatedGuest)
        let users = try (1...9).map { try #require(UserID("user\($0)")) }
        pool.prewarm(users)
        try await waitForLog("starting sandbox", count: 4)
        #expect(await pool.count == 4)
        try openGate()
        try await waitForLog("is prewarmed", count: 9)
        #expect(await pool.count == 9)
        await pool.close(grace: 10)
    }

    @Test func takesNobodysPlace() async throws {
        let pool = try await pool(room: 2)
        try await pool.withSandbox(of: ann) { _ in }
        pool.prewarm([bob, cleo])
        try await waitForLog("no room to prewarm the sandbox of cleo")
        #expect(await pool.count == 2)
        #expect(logCount("stopping") == 0)
        try await pool.withSandbox(of: ann, onStart: { Issue.record("it was stopped") }) { _ in }
        await pool.close(grace: 10)
    }

    @Test func makesPlaceForACallBeforeOneThatServedDoes() async throws {
        let pool = try await pool(room: 2)
        try await pool.withSandbox(of: ann) { _ in }
        pool.prewarm([bob])
        try await waitForLog("is prewarmed")
        try await pool.withSandbox(of: cleo) { _ in }
        #expect(logCount("stopping the sandbox of bob: another user needs its place") == 1)
        #expect(logCount("stopping") == 1)
        await pool.close(grace: 10)
    }

    @Test func makesPlaceForACallWhileItIsStillStarting() async throws {
        let pool = try await pool(
            """
            if user == "ann":
                time.sleep(1000)
            \(ScriptedEngine.idleGuest)
            """, room: 1)
        pool.prewarm([ann])
        try await waitForLog("starting sandbox")
        try await pool.withSandbox(of: bob) { _ in }
        try await log.wait { $0.contains { $0.contains("sandbox mcp-executor-ann-") && $0.contains("ended") } }
        #expect(await pool.count == 1)
        #expect(logCount("warning:") == 0)
        await pool.close(grace: 10)
    }

    @Test func anotherTakesThePlaceOfOneThatServedAndEnded() async throws {
        let pool = try await pool(
            """
            take(); say(1, 0, {"shell": True})
            while not os.path.exists("\(directory.path)/end"): time.sleep(0.01)
            os.remove("\(directory.path)/end")
            """)
        pool.prewarm([ann])
        try await waitForLog("is prewarmed")
        try await pool.withSandbox(of: ann) { _ in }
        try directory.write("", to: "end")
        try await waitForLog("prewarming another")
        try await waitForLog("is prewarmed", count: 2)
        // That one served nobody: it is not worth a third.
        try directory.write("", to: "end")
        try await waitForLog("warning: the sandbox of ann ended soon after it was prewarmed")
        #expect(await pool.count == 0)
        #expect(logCount("starting sandbox") == 2)
        await pool.close(grace: 0)
    }

    @Test func oneThatWasStoppedForIdlenessStaysSoUntilItIsAskedForAgain() async throws {
        let pool = try await pool(idleTimeout: 1)
        pool.prewarm([ann])
        try await waitForLog("stopping the sandbox of ann: idle for 1 seconds")
        #expect(await pool.count == 0)
        #expect(logCount("starting sandbox") == 1)
        pool.prewarm([ann])
        try await waitForLog("is prewarmed", count: 2)
        await pool.close(grace: 10)
    }

    @Test func oneThatEndedUnseenIsReplacedWhenItIsAskedFor() async throws {
        let pool = try await pool(#"take(); say(1, 0, {"shell": True})"#)
        try await eventually {
            pool.prewarm([ann])
            return logCount("starting sandbox") >= 2
        }
        await pool.close(grace: 10)
    }

    @Test func theEndOfThePoolEndsStartsUnderWayAndBeginsNoMore() async throws {
        let pool = try await pool("time.sleep(1000)")
        pool.prewarm(try (1...9).map { try #require(UserID("user\($0)")) })
        try await waitForLog("starting sandbox", count: 4)
        await pool.close(grace: 0)
        try await waitForLog(" ended: ", count: 4)
        pool.prewarm([ann])
        await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
        #expect(logCount("starting sandbox") == 4)
        #expect(logCount("warning:") == 0)
    }
}
