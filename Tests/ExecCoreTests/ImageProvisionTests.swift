import ChildProcess
import Diagnostics
import ExecCoreTestSupport
import SystemCalls
import TestSupport
import Testing

@testable import ExecCore

/// What calls of a server do whose engine lacks the image: a script is in the place of the process that gets it, and a
/// program in the engine's, which has the image once a file is there.
@Suite(.timeLimit(.minutes(2))) struct ImageProvisionTests {
    private let directory: TemporaryDirectory
    private let log = Recorder<String>()
    private let ann = UserID("ann") ?? .ofThisAccount

    init() throws {
        ignoreBrokenPipes()
        directory = try TemporaryDirectory()
    }

    private var logger: Logger {
        Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
    }

    /// - Parameter script: what gets the image, in a shell. `$image` is the file that the engine looks for.
    private func provision(_ script: String, patience: ImageProvision.Patience = .init()) -> ImageProvision {
        let all = "image='\(directory.path)/image'; echo begun >>'\(directory.path)/begun'; \(script)"
        return ImageProvision(
            image: "a:1", command: Command(executable: "/bin/sh", arguments: ["-c", all]), patience: patience,
            logger: logger)
    }

    private func pool(_ provision: ImageProvision?) async throws -> SandboxPool {
        let script = """
            if not os.path.exists("\(directory.path)/image"):
                sys.exit("docker: Error response from daemon: No such image: a:1.")
            \(ScriptedEngine.idleGuest)
            """
        return try await ScriptedEngine(script, in: directory).pool(log: log, provision: provision)
    }

    private var begun: Int {
        String(decoding: Files.read("\(directory.path)/begun", limit: 1000) ?? [], as: UTF8.self).lines
            .count { !$0.isEmpty }
    }

    private func failure(of pool: SandboxPool) async throws -> ExecError {
        let error = await #expect(throws: ExecError.self) { try await pool.withSandbox(of: ann) { _ in } }
        return try #require(error)
    }

    @Test func aCallGetsItsSandboxOnceTheImageIsThere() async throws {
        let progress = Recorder<String>()
        let pool = try await pool(provision("echo phase building; echo output Step 2/3 : RUN x; touch \"$image\""))
        try await pool.withSandbox(of: ann, onNews: { progress.record($0) }) { sandbox in #expect(!sandbox.hasEnded) }
        #expect(progress.elements.first == "The sandbox image a:1 is being built; this happens once")
        #expect(log.elements.contains { $0.contains("info: the image a:1 is there") })
        try await pool.withSandbox(of: ann) { _ in }
        #expect(begun == 1)
        await pool.close(grace: 10)
    }

    @Test func theProcessIsToldTheEngineWhereItRunsAndTheImage() async throws {
        let provision = ImageProvision(
            image: "mcp-code-executor:slim", engine: "nerdctl", location: .remote, logger: logger)
        let made = try #require(provision)
        let command = await made.command
        #expect(command.arguments == ["provide-image", "nerdctl", "remote", "mcp-code-executor:slim"])
    }

    @Test func aLongFailureIsToldWithItsRemedy() async throws {
        let directory = try TemporaryDirectory()
        let text = "The build failed." + String(repeating: " 漢字", count: 4000) + " Set PIP_INDEX_URL."
        let file = try directory.write(ImageNews.failure(text).line + "\n", to: "news")
        let pool = try await pool(provision("cat '\(file)'; exit 1"))
        let message = try await failure(of: pool).message
        #expect(message.contains("The build failed. 漢字"))
        #expect(message.contains("Set PIP_INDEX_URL. Correct that."))
        #expect(!message.contains("\u{FFFD}"))
        await pool.close(grace: 10)
    }

    @Test func callsAtTheSameTimeShareTheWork() async throws {
        let pool = try await pool(provision("while [ ! -e \"$image\" ]; do sleep 0.01; done"))
        let progress = Recorder<String>()
        let names = ["ann", "ann", "bob", "cleo"]
        let calls = try names.map { name in
            let user = try #require(UserID(name))
            return Task { try await pool.withSandbox(of: user, onNews: { progress.record($0) }) { _ in } }
        }
        try await progress.wait(forCount: names.count)
        try directory.write("", to: "image")
        for call in calls { try await call.value }
        #expect(begun == 1)
        await pool.close(grace: 10)
    }

    @Test func progressTellsTheStep() async throws {
        let pool = try await pool(
            provision(
                """
                while [ ! -e "$image.go" ]; do sleep 0.01; done
                echo phase building; echo output Step 2/3 : RUN x; echo noise; echo phase checking; touch "$image"
                """))
        let progress = Recorder<String>()
        let call = Task { try await pool.withSandbox(of: ann, onNews: { progress.record($0) }) { _ in } }
        try await progress.wait(forCount: 1)
        try directory.write("", to: "image.go")
        try await call.value
        #expect(
            progress.elements == [
                "The sandbox image a:1 is being built; this happens once",
                "The sandbox image a:1 is being built, step 2 of 3; this happens once",
                "The sandbox image a:1 has been built and is being checked; this happens once",
            ])
        await pool.close(grace: 10)
    }

    @Test func aCallThatNobodyWatchesIsToldToComeAgain() async throws {
        let provision = provision(
            """
            echo phase building; echo output Step 2/3 : RUN x
            while [ ! -e "$image" ]; do sleep 0.01; done
            """, patience: .init(unobserved: 0))
        let pool = try await pool(provision)
        let error = try await failure(of: pool)
        #expect(error.code == .imageMissing)
        #expect(error.message.hasPrefix("Nothing was run yet. The sandbox image a:1 was not on this machine and is "))
        #expect(error.message.hasSuffix("Make the same call again in a minute."))
        // The work goes on.
        try directory.write("", to: "image")
        try await log.wait { $0.contains { $0.contains("the image a:1 is there") } }
        try await pool.withSandbox(of: ann) { _ in }
        #expect(begun == 1)
        await pool.close(grace: 10)
    }

    @Test func aFailureIsToldAndNotTriedAgainAtOnce() async throws {
        let pool = try await pool(provision("echo failure No disk: make room.; exit 1"))
        for _ in 1...3 {
            let error = try await failure(of: pool)
            #expect(error.message.contains("getting it failed. No disk: make room. Correct that."))
            #expect(error.message.contains("exec-mcp image"))
        }
        #expect(begun == 1)
        #expect(log.elements.count { $0.contains("warning: the image a:1 could not be provided: No disk") } == 1)
        // A person has made it meanwhile.
        try directory.write("", to: "image")
        try await pool.withSandbox(of: ann) { _ in }
        await pool.close(grace: 10)
    }

    @Test func aFailureIsTriedAgainLater() async throws {
        let pool = try await pool(
            provision(
                "[ -e \"$image.tried\" ] && touch \"$image\" || { touch \"$image.tried\"; exit 1; }",
                patience: .init(afterFailure: .zero)))
        #expect(try await failure(of: pool).message.contains("The process that does it has ended (exit status 1)."))
        try await pool.withSandbox(of: ann) { _ in }
        #expect(begun == 2)
        await pool.close(grace: 10)
    }

    @Test func aCancelledCallLeavesAndTheWorkGoesOn() async throws {
        let pool = try await pool(provision("while [ ! -e \"$image\" ]; do sleep 0.01; done"))
        let progress = Recorder<String>()
        let call = Task { try await pool.withSandbox(of: ann, onNews: { progress.record($0) }) { _ in } }
        try await progress.wait(forCount: 1)
        call.cancel()
        await #expect(throws: CancellationError.self) { try await call.value }
        try directory.write("", to: "image")
        try await log.wait { $0.contains { $0.contains("the image a:1 is there") } }
        await pool.close(grace: 10)
    }

    /// The process sees the end of its input, which the script waits for.
    @Test func closingEndsTheWorkAndTheCallsThatWait() async throws {
        let provision = provision("cat; touch \"$image.closed\"")
        let pool = try await pool(provision)
        let progress = Recorder<String>()
        let call = Task { try await pool.withSandbox(of: ann, onNews: { progress.record($0) }) { _ in } }
        try await progress.wait(forCount: 1)
        await provision.close()
        #expect(await #expect(throws: ExecError.self) { try await call.value }?.code == .busy)
        while !Files.isRegularFile("\(directory.path)/image.closed") { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try await failure(of: pool).code == .busy)
        #expect(begun == 1)
        await pool.close(grace: 10)
    }

    @Test func withoutAProvisionACallSaysWhatToDo() async throws {
        let pool = try await pool(nil)
        let message = try await failure(of: pool).message
        #expect(message.contains("is not on this machine. Build it with `exec-mcp image"), "\(message)")
    }

    @Test func prewarmingBeginsTheWorkToo() async throws {
        let pool = try await pool(provision("touch \"$image\""))
        pool.prewarm([ann])
        try await log.wait { $0.contains { $0.contains("the image a:1 is there") } }
        try await pool.withSandbox(of: ann) { _ in }
        await pool.close(grace: 10)
    }
}
