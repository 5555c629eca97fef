import Bridge
import ExecCore
import JSON
import TestSupport
import Threading

/// A person who answers as a test says.
final class ScriptedUser: UserInteraction {
    /// The questions that were asked, in order.
    let questions = Recorder<UserQuestion>()
    /// The questions that were withdrawn before they were answered.
    let withdrawn = Recorder<String>()
    private let answer: @Sendable (UserQuestion) async throws -> UserAnswer

    init(_ answer: @escaping @Sendable (UserQuestion) async throws -> UserAnswer) {
        self.answer = answer
    }

    /// One who always chooses the same.
    convenience init(_ decision: String) {
        self.init { _ in .accept(["decision": .string(decision)]) }
    }

    /// One who never answers.
    static var silent: ScriptedUser {
        ScriptedUser { _ in
            try await AsyncEvent().waitUnlessCancelled()
            return .cancel
        }
    }

    func ask(_ question: UserQuestion) async -> UserAnswer {
        questions.record(question)
        do {
            return try await answer(question)
        } catch {
            withdrawn.record(question.message)
            return .cancel
        }
    }
}

extension Harness {
    /// Begins a command whose user can be asked, and connects as a process of it.
    func command(
        _ number: UInt32, _ user: (any UserInteraction)?, clock: Recorder<String> = Recorder()
    ) throws -> Client {
        session.beginCommand(
            number,
            BridgedCommand(
                holdClock: { clock.record($0 ? "hold" : "go on") },
                suspendClock: { clock.record($0 ? "suspend" : "resume") }, scriptDigest: "5c12", user: user))
        return try connect(number)
    }

    /// What the server `fake` of ``Script/recording`` ran, in order.
    var ran: [String] { Self.ran(log.elements) }

    /// Waits until the server has run this often.
    func waitUntilRan(_ count: Int) async throws {
        try await log.wait { Self.ran($0).count >= count }
    }

    private static func ran(_ log: [String]) -> [String] {
        log.compactMap { line in
            line.firstRange(of: "says: ran ").map { line[$0.upperBound...].trimmingPrefix(" ") }
                .map { String($0.prefix { $0 != "\n" }) }
        }
    }
}

extension Script {
    /// Its tools `read`, `write` and `pay` say on standard error what they run with.
    static let recording = server(
        #"[tool("read", True), tool("write"), tool("pay")]"#,
        """
        def handle_call(message, name, arguments):
            say("ran", name, json.dumps(arguments, separators=(",", ":")))
            answer(message, text("done"))
        """)
}
