import Diagnostics
import ExecCore
import Threading

/// The questions of one command. Calls of the same tool that wait at the same time share one, and a person is asked only
/// so often. One question about a tool is open at a time: its answer may be one for all of the tool's calls.
final class CommandQuestions: Sendable {
    /// How many questions one command may ask.
    static let maxQuestions = 20
    /// How many are open at once. Further ones wait, and gather more calls.
    private static let concurrentQuestions = 4
    /// Seconds that a question waits for calls that it could be about as well.
    private static let gatherSeconds = 0.1

    /// Calls that share a question.
    private struct Bundle {
        let identity: ToolIdentity
        var calls: [Int: CallToApprove] = [:]
        /// The digests of the different arguments.
        var different: Set<String> = []
        /// Whether it has been asked: calls that come later get another question.
        var isAsked = false
        var answer: ApprovalAnswer?
        let isSettled = AsyncEvent()
        var task: Task<Void, Never>?

        func hasRoom(for call: CallToApprove) -> Bool {
            !isAsked && answer == nil && calls.count < ApprovalQuestion.maxCalls
                && (different.count < ApprovalQuestion.maxDifferent || different.contains(call.argumentDigest))
        }
    }

    private struct State {
        var bundles: [Int: Bundle] = [:]
        /// Whose turn it is to be asked about, by tool, whichever rule asks.
        var toolTurns: [ToolIdentity: AsyncSemaphore] = [:]
        /// Questions about something else than calls.
        var others: [Int: Task<ApprovalAnswer, Never>] = [:]
        var lastNumber = 0
        var asked = 0
        /// Tools that a person has denied, or not answered about, and how: whichever rule asks.
        var denied: [ToolIdentity: String] = [:]
        /// Why nobody can be asked any more.
        var unavailable: String?
        var isOver = false
        /// How many questions are open, since when, and how long any was before.
        var openCount = 0
        var openSince = 0.0
        var secondsAsked = 0.0

        /// Why nothing more is asked; `nil` if something may be.
        var refusal: ApprovalAnswer? {
            if let unavailable { return .unavailable(unavailable) }
            if isOver { return .denied("The command is over.") }
            return asked < CommandQuestions.maxQuestions
                ? nil
                : .denied("A command may ask a person \(CommandQuestions.maxQuestions) questions, and this one has.")
        }
    }

    /// What became of a question that was put to a person.
    private enum Outcome {
        case answered(UserAnswer)
        /// There was no answer in time; with a sentence on that.
        case late(String)
        case withdrawn
        /// Not asked, because the answer to another question meanwhile covers all such calls.
        case settled
    }

    private static let withdrawn = ApprovalAnswer.denied("The question was withdrawn.")

    /// Identifies the command's text; empty for a background process.
    let script: String
    private let isInBackground: Bool
    private let user: (any UserInteraction)?
    private let approvals: UserApprovals
    private let suspendClock: @Sendable (Bool) -> Void
    private let turns = AsyncSemaphore(count: concurrentQuestions)
    private let state = Locked(State())

    /// - Parameter command: the command; `nil` for background processes, about which nobody is asked.
    init(of command: BridgedCommand?, _ approvals: UserApprovals) {
        script = command?.scriptDigest ?? ""
        isInBackground = command == nil
        user = command?.user
        if let command {
            suspendClock = command.suspendClock
        } else {
            suspendClock = { _ in }
        }
        self.approvals = approvals
    }

    /// How many calls wait for an answer.
    var waitingCount: Int { state.withLock { $0.bundles.values.reduce(0) { $0 + $1.calls.count } } }

    /// Asks a person about a call, and waits for the answer. The question is withdrawn when no call waits for it.
    ///
    /// - Parameter seconds: how long a person may take.
    /// - Throws: `CancellationError` if the task is cancelled first.
    func answer(to call: CallToApprove, within seconds: Double) async throws -> ApprovalAnswer {
        guard let user else { return nobody }
        let place = state.withLock { state in join(call, within: seconds, user, &state) }
        guard case .waiting(let bundle, let number, let isSettled) = place else {
            if case .settled(let answer) = place { return answer }
            throw CancellationError()
        }
        defer { leave(bundle, number) }
        try await isSettled.waitUnlessCancelled()
        guard let answer = state.withLock({ $0.bundles[bundle]?.answer }) else { throw CancellationError() }
        return answer
    }

    /// Asks a person whether data may leave for a host, within the limits of questions about calls. The question is
    /// withdrawn if the task is cancelled, or the command ends.
    ///
    /// - Parameter seconds: how long a person may take.
    func answer(to question: EgressQuestion, within seconds: Double) async -> ApprovalAnswer {
        guard let user else { return nobody }
        let (number, task, refusal) = state.withLock { state -> (Int, Task<ApprovalAnswer, Never>?, ApprovalAnswer?) in
            if let refusal = state.refusal { return (0, nil, refusal) }
            state.asked += 1
            state.lastNumber += 1
            let task = Task { await self.ask(question, user, within: seconds) }
            state.others[state.lastNumber] = task
            return (state.lastNumber, task, nil)
        }
        guard let task else { return refusal ?? Self.withdrawn }
        defer { state.withLock { $0.others[number] = nil } }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Puts a question of a server to a person. The command's timeout stands still meanwhile, as for approvals.
    ///
    /// - Parameter seconds: how long a person may take.
    /// - Returns: ``UserAnswer/cancel`` if nobody has answered by then, or the task was cancelled.
    func relay(_ question: UserQuestion, within seconds: Double) async -> UserAnswer {
        guard let user else { return .unavailable("The client cannot ask a person.") }
        guard state.withLock({ $0.unavailable == nil && !$0.isOver }),
            case .answered(let answer) = await put(question, to: user, within: seconds)
        else { return .cancel }
        return answer
    }

    private var nobody: ApprovalAnswer {
        .unavailable(
            isInBackground
                ? "Nobody is asked about calls of processes in the background." : "The client cannot ask a person.")
    }

    private enum Place {
        case settled(ApprovalAnswer)
        case waiting(bundle: Int, call: Int, AsyncEvent)
    }

    /// Adds a call to a question that isn't asked yet, or makes one.
    private func join(
        _ call: CallToApprove, within seconds: Double, _ user: any UserInteraction, _ state: inout State
    ) -> Place {
        if let reason = state.unavailable { return .settled(.unavailable(reason)) }
        if let how = state.denied[call.identity.ofAnyRule] { return .settled(.denied(how)) }
        state.lastNumber += 1
        let number = state.lastNumber
        let open = state.bundles.first { $0.value.identity == call.identity && $0.value.hasRoom(for: call) }
        let key = open?.key ?? number
        var bundle = open?.value ?? Bundle(identity: call.identity)
        if open == nil {
            if let refusal = state.refusal { return .settled(refusal) }
            state.asked += 1
            let turn = state.toolTurns[call.identity.ofAnyRule] ?? AsyncSemaphore(count: 1)
            state.toolTurns[call.identity.ofAnyRule] = turn
            bundle.task = Task { await self.ask(key, user, turn, within: seconds) }
        }
        bundle.calls[number] = call
        bundle.different.insert(call.argumentDigest)
        state.bundles[key] = bundle
        return .waiting(bundle: key, call: number, bundle.isSettled)
    }

    /// The command is over: withdraws its questions.
    func end() {
        let tasks = state.withLock { state in
            state.isOver = true
            return (state.bundles.values.compactMap(\.task), state.others.values)
        }
        for task in tasks.0 { task.cancel() }
        for task in tasks.1 { task.cancel() }
    }

    private func leave(_ bundle: Int, _ call: Int) {
        let task = state.withLock { state -> Task<Void, Never>? in
            state.bundles[bundle]?.calls[call] = nil
            guard state.bundles[bundle]?.calls.isEmpty == true else { return nil }
            return state.bundles.removeValue(forKey: bundle)?.task
        }
        task?.cancel()
    }

    // MARK: - Asking

    private func ask(
        _ number: Int, _ user: any UserInteraction, _ turn: AsyncSemaphore, within seconds: Double
    ) async {
        do {
            try await approvals.clock.sleep(Self.gatherSeconds)
            try await turn.wait()
        } catch {
            return settle(number, Self.withdrawn)
        }
        defer { turn.signal() }
        guard (try? await turns.wait()) != nil else { return settle(number, Self.withdrawn) }
        defer { turns.signal() }
        let (calls, settled) = state.withLock { state -> ([CallToApprove], ApprovalAnswer?) in
            guard let bundle = state.bundles[number], bundle.answer == nil else { return ([], nil) }
            state.bundles[number]?.isAsked = true
            let calls = bundle.calls.sorted { $0.key < $1.key }.map(\.value)
            return (calls, Self.answer(to: bundle.identity, by: state))
        }
        guard let first = calls.first else { return }
        // Another question may have been answered meanwhile, also one of another command.
        if let answer = settled ?? approvals.lastingAnswer(for: first) { return settle(number, answer) }
        let outcome = await put(
            ApprovalQuestion(calls).question, to: user, within: seconds,
            isOpen: { [approvals] in approvals.lastingAnswer(for: first) == nil },
            untilSettled: { [approvals] in try await approvals.waitForLastingAnswer(for: first) },
            onAnswer: { [approvals] answer in
                // Stored before any of the calls goes on, and before anything else is asked.
                switch ApprovalAnswer(answer, mayLast: first.mayLast, count: calls.count) {
                case .session: approvals.allowInSession(first.identity)
                case .always: await approvals.allowAlways(first.identity)
                case .once, .denied, .unavailable, .failed: break
                }
            })
        switch outcome {
        case .withdrawn: settle(number, Self.withdrawn)
        case .settled: settle(number, approvals.lastingAnswer(for: first) ?? Self.withdrawn)
        case .late(let how): settle(number, .denied(how))
        case .answered(let answer):
            settle(number, ApprovalAnswer(answer, mayLast: first.mayLast, count: calls.count))
        }
    }

    /// Returns what was answered about a tool in this command.
    private static func answer(to identity: ToolIdentity, by state: State) -> ApprovalAnswer? {
        state.denied[identity.ofAnyRule].map { .denied($0) } ?? state.unavailable.map { .unavailable($0) }
    }

    private func settle(_ number: Int, _ answer: ApprovalAnswer) {
        let settled = state.withLock { state -> [Bundle] in
            guard let bundle = state.bundles[number], bundle.answer == nil else { return [] }
            var numbers = [number]
            switch answer {
            // A loop around a call must not ask again and again.
            case .denied(let how): state.denied[bundle.identity.ofAnyRule] = how
            case .unavailable(let reason): state.unavailable = reason
            case .once, .session, .always, .failed: break
            }
            if answer.isForTool {
                let others = state.bundles.filter {
                    $0.key != number && $0.value.identity == bundle.identity && $0.value.answer == nil
                }
                // They are not asked any more.
                state.asked -= others.count { !$0.value.isAsked }
                numbers += others.keys
            }
            return numbers.compactMap { number in
                state.bundles[number]?.isAsked = true
                state.bundles[number]?.answer = answer
                return state.bundles[number]
            }
        }
        for bundle in settled { bundle.isSettled.complete() }
        for bundle in settled.dropFirst() { bundle.task?.cancel() }
    }

    private func ask(
        _ question: EgressQuestion, _ user: any UserInteraction, within seconds: Double
    ) async -> ApprovalAnswer {
        guard (try? await turns.wait()) != nil else { return Self.withdrawn }
        defer { turns.signal() }
        if let reason = state.withLock({ $0.unavailable }) { return .unavailable(reason) }
        switch await put(question.question, to: user, within: seconds) {
        case .withdrawn, .settled: return Self.withdrawn
        case .late(let how): return .denied(how)
        case .answered(let answer):
            let decision = EgressQuestion.decision(in: answer)
            if case .unavailable(let reason) = decision { state.withLock { $0.unavailable = reason } }
            return decision
        }
    }

    /// Puts a question to a person. The command's timeout stands still meanwhile.
    ///
    /// - Parameters:
    ///   - seconds: how long the person may take, from when the client has the question: the questions of other commands
    ///     may have to be answered before.
    ///   - isOpen: whether the question is still needed when its turn comes.
    ///   - untilSettled: returns when the question is no longer needed, while the client doesn't have it yet.
    ///   - onAnswer: receives the answer, before the next question is put.
    private func put(
        _ question: UserQuestion, to user: any UserInteraction, within seconds: Double,
        isOpen: @escaping @Sendable () -> Bool = { true },
        untilSettled: (@Sendable () async throws -> Void)? = nil,
        onAnswer: @escaping @Sendable (UserAnswer) async -> Void = { _ in }
    ) async -> Outcome {
        let left = secondsLeft
        guard left > 0 else { return .late("People were asked about this command for too long.") }
        changeOpen(by: 1)
        defer { changeOpen(by: -1) }
        let isSent = AsyncEvent()
        // Once a person sees the question, only that person's answer counts.
        let stage = Locked(Stage.waiting)
        // A client that never answers doesn't end by being cancelled.
        let answer: UserAnswer?? = try? await abandoning(after: left) {
            try await abandoning(when: {
                try await Self.wait(for: isSent, orUntil: untilSettled)
                if stage.withLock({ $0.leave(for: .settled) }) { return }
                try await Task.sleep(for: .seconds(seconds))
            }) {
                await user.ask(
                    question,
                    begin: {
                        let isOpen = isOpen()
                        let isSentNow = stage.withLock { $0.leave(for: isOpen ? .sent : .settled) } && isOpen
                        if isSentNow { isSent.complete() }
                        return isSentNow
                    }, onAnswer: onAnswer)
            }
        }
        if Task.isCancelled { return .withdrawn }
        let last = stage.withLock { $0 }
        if last == .settled { return .settled }
        if let answer = answer ?? nil { return .answered(answer) }
        return last == .sent
            ? .late("Nobody answered within \(Int(min(seconds, left).rounded(.up))) seconds.")
            : .late("The question could not be shown in time: others were open.")
    }

    /// The state of a question: sent to the person, or no longer needed, whichever comes first.
    private enum Stage {
        case waiting, sent, settled

        /// - Returns: whether it had been waiting.
        mutating func leave(for next: Stage) -> Bool {
            guard self == .waiting else { return false }
            self = next
            return true
        }
    }

    /// Waits until a question is sent, or no longer needed.
    private static func wait(
        for isSent: AsyncEvent, orUntil untilSettled: (@Sendable () async throws -> Void)?
    ) async throws {
        guard let untilSettled else { return try await isSent.waitUnlessCancelled() }
        try await withThrowingTaskGroup { group in
            group.addTask { try await isSent.waitUnlessCancelled() }
            group.addTask { try await untilSettled() }
            try await group.next()
            group.cancelAll()
        }
    }

    // MARK: - Time

    private var secondsLeft: Double {
        let now = approvals.clock.now()
        return state.withLock { state in
            let open = state.openCount > 0 ? now - state.openSince : 0
            return BridgedCommand.maxAskedSeconds - state.secondsAsked - open
        }
    }

    private func changeOpen(by step: Int) {
        let now = approvals.clock.now()
        // The clock is told under the lock, so that the last change is told last.
        state.withLock { state in
            let wasOpen = state.openCount > 0
            state.openCount += step
            if !wasOpen, state.openCount > 0 {
                state.openSince = now
                suspendClock(true)
            } else if wasOpen, state.openCount == 0 {
                state.secondsAsked += max(0, now - state.openSince)
                suspendClock(false)
            }
        }
    }
}
