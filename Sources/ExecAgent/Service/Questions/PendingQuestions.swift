import MCPClient
import SystemCalls
import Threading

/// The questions of all runs that wait for an answer through the API.
final class PendingQuestions: Sendable {
    /// A question that waits.
    struct Entry: Sendable {
        let question: ServerQuestion
        /// The user whose run asks.
        let user: String
        /// The id of the run's answer.
        let run: String
        /// When it was asked and when it expires, in seconds since 1970.
        let created: Int
        let expires: Int

        fileprivate let number: Int
        fileprivate let isAnswered = AsyncEvent()
        fileprivate var answer: ElicitationAnswer?
    }

    private struct State {
        var lastNumber = 0
        var entries: [String: Entry] = [:]
    }

    private let seconds: Double
    private let maxCount: Int
    private let maxPerUser: Int
    private let clock: MonotonicClock
    private let state = Locked(State())

    /// - Parameters:
    ///   - seconds: how long a question waits.
    ///   - maxCount: maximum number of questions.
    ///   - maxPerUser: maximum number of questions of one user.
    init(seconds: Double, maxCount: Int, maxPerUser: Int, clock: MonotonicClock = .system) {
        self.seconds = seconds
        self.maxCount = maxCount
        self.maxPerUser = maxPerUser
        self.clock = clock
    }

    /// Waits for the answer to a question; cancelling the task withdraws it.
    ///
    /// - Parameters:
    ///   - user: the user whose run asks, who alone can answer.
    ///   - run: the id of the run's answer.
    ///   - onAsked: called when it can be answered.
    func ask(
        _ question: ServerQuestion, of user: String, run: String, onAsked: @Sendable () -> Void
    ) async -> QuestionOutcome {
        guard let isAnswered = add(question, user, run) else { return .notAsked("too many questions wait already") }
        onAsked()
        let seconds = seconds
        let clock = clock
        let timer = Task {
            try await clock.sleep(seconds)
            isAnswered.complete()
        }
        defer { timer.cancel() }
        let isWithdrawn: Bool
        do {
            try await isAnswered.waitUnlessCancelled()
            isWithdrawn = false
        } catch {
            isWithdrawn = true
        }
        let entry = state.withLock { $0.entries.removeValue(forKey: question.id) }
        if let answer = entry?.answer { return .answered(answer) }
        return isWithdrawn ? .withdrawn : .expired
    }

    private func add(_ question: ServerQuestion, _ user: String, _ run: String) -> AsyncEvent? {
        state.withLock { state in
            guard state.entries.count < maxCount, state.entries.values.count(where: { $0.user == user }) < maxPerUser
            else { return nil }
            state.lastNumber += 1
            let now = time(nil)
            let entry = Entry(
                question: question, user: user, run: run, created: now, expires: now + Int(seconds.rounded(.up)),
                number: state.lastNumber)
            state.entries[question.id] = entry
            return entry.isAnswered
        }
    }

    /// Returns a user's open questions, the oldest first.
    func open(of user: String) -> [Entry] {
        state.withLock { $0.entries.values.filter { $0.user == user && $0.answer == nil } }
            .sorted { $0.number < $1.number }
    }

    /// Answers a question.
    ///
    /// - Returns: whether it was open.
    func answer(_ id: String, of user: String, _ answer: ElicitationAnswer) -> Bool {
        let isAnswered = state.withLock { state -> AsyncEvent? in
            guard let entry = state.entries[id], entry.user == user, entry.answer == nil else { return nil }
            state.entries[id]?.answer = answer
            return entry.isAnswered
        }
        isAnswered?.complete()
        return isAnswered != nil
    }
}
