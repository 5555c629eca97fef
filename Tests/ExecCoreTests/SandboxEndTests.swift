import ExecCoreTestSupport
import TestSupport
import Testing

@testable import ExecCore

/// What a call is told when its sandbox ends, with a program in the engine's place.
@Suite(.timeLimit(.minutes(2))) struct SandboxEndTests {
    private let directory: TemporaryDirectory

    init() throws {
        ignoreBrokenPipes()
        directory = try TemporaryDirectory()
    }

    /// The error of a call whose sandbox does `script` once the call has arrived.
    private func error(whenGuestDoes script: String) async throws -> ExecError {
        let engine = try await ScriptedEngine(
            "take(); say(1, 0, {'shell': True}); sys.stdin.buffer.read(9); \(script)", in: directory)
        let pool = engine.pool()
        let user = try #require(UserID("ann"))
        let error = await #expect(throws: ExecError.self) {
            try await pool.withSandbox(of: user) { _ = try await $0.execute("true", timeout: 300) }
        }
        return try #require(error)
    }

    @Test func anEndWithoutAGoodbyeIsACutConnectionWhateverTheStatusSays() async throws {
        let error = try await error(whenGuestDoes: "sys.exit(0)")
        #expect(error.code == .sandboxEnded)
        #expect(error.message.contains("The connection to the sandbox was cut"), "\(error.message)")
        #expect(error.message.contains("look at what is in between"), "\(error.message)")
    }

    @Test(arguments: ["say(17, 0, b''); sys.exit(0)", "sys.exit(3)", "say(17, 0, b''); sys.exit(3)"])
    func anyOtherEndIsToldAsTheEngineTellsIt(script: String) async throws {
        let error = try await error(whenGuestDoes: script)
        #expect(error.message.contains("The sandbox ended during the call (exit status"), "\(error.message)")
    }

    @Test func theGuestsOwnReasonIsPassedOn() async throws {
        let error = try await error(whenGuestDoes: "sys.exit('guest: nothing came from the server for 60 seconds')")
        #expect(error.message.contains("nothing came from the server"), "\(error.message)")
    }
}
