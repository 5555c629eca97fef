import Diagnostics
import OpenAI
import Threading

/// One run of an agent: asks the model and calls its tools, turn by turn, until it answers or a limit is reached.
struct Run {
    private let model: any ChatModel
    private let calls: ToolCalls
    private let limits: RunLimits
    private let deadline: Deadline?
    private let onEvent: @Sendable (AgentEvent) async -> Void

    private var request: ChatRequest
    /// The number of messages from before this run.
    private var known: Int
    private var turns = 0
    private var usage: TokenUsage?
    /// Total tokens, estimated if the endpoint doesn't report them.
    private var tokens = 0
    /// Upper bound for the tokens of one answer: a larger number is an endpoint's error, and must not cause an
    /// overflow.
    private static let maxTokens = 1 << 40
    /// Whether text of an earlier turn has been emitted.
    private var hasSpoken = false
    private var lastWasEmpty = false
    /// How often in a row the model was told that a call wasn't run.
    private var corrections = 0
    /// Maximum number of them: a model that goes on like this doesn't know better.
    private static let maxCorrections = 2
    private var contextCut = ContextCut()
    /// Notices already sent to the user, so they aren't repeated each turn.
    private let notices = Locked(Set<String>())

    init(
        model: any ChatModel, request: ChatRequest, calls: ToolCalls, limits: RunLimits,
        deadline: Deadline?, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) {
        self.model = model
        self.request = request
        self.calls = calls
        self.limits = limits
        self.deadline = deadline
        self.onEvent = onEvent
        known = request.messages.count
    }

    /// Runs to completion.
    ///
    /// - Throws: ``ModelError``, or `CancellationError` if the task is cancelled.
    mutating func untilItEnds() async throws -> RunResult {
        while true {
            if let limit = limitMet { return await stop(limit) }
            do {
                guard let completion = try await ask() else { return await stop(Self.timeIsUp(limits)) }
                if let end = try await handle(completion) { return end }
            } catch let error as ModelError where error.kind == .contextTooLong {
                if let end = try await shorten(because: error) { return end }
            }
        }
    }

    /// Asks the model once.
    ///
    /// - Returns: `nil` if the deadline passed first; the text received until then is still added as a message.
    private mutating func ask() async throws -> ChatCompletion? {
        turns += 1
        let start = ContinuousClock.now
        let forwarder = TextForwarder(separated: hasSpoken, notices, onEvent: onEvent)
        let completion = try await withDeadline(deadline) { [model, request] in
            try await model.complete(request) { await forwarder.forward($0) }
        }
        let text = forwarder.text
        hasSpoken = hasSpoken || !text.isEmpty
        guard let completion else {
            if !text.isEmpty { request.messages.append(ChatMessage(role: .assistant, text: text)) }
            return nil
        }
        count(completion)
        let seconds = start.duration(to: .now) / .seconds(1)
        await onEvent(.turnEnded(AgentEvent.TurnEnd(turn: turns, usage: completion.usage, duration: seconds)))
        // A conversation that grows again can be cut again from the first step.
        contextCut = ContextCut()
        return completion
    }

    /// Shortens a conversation that exceeds the model's context.
    ///
    /// - Returns: the end of the run if nothing more can be omitted; `nil` if it continues.
    /// - Throws: `error` if the run has nothing to show yet.
    private mutating func shorten(because error: ModelError) async throws -> RunResult? {
        // A rejected request doesn't count as a turn.
        turns -= 1
        guard let cut = contextCut.shorten(&request.messages, known: &known) else {
            guard request.messages.count > known else { throw error }
            return await stop(Self.sentence("the conversation is longer than the model accepts"))
        }
        await onEvent(.notice("the conversation is longer than the model accepts: \(cut), and the run continues"))
        return nil
    }

    /// - Returns: the end of the run; `nil` if it continues.
    private mutating func handle(_ completion: ChatCompletion) async throws -> RunResult? {
        if completion.finishReason == .contentFilter {
            throw ModelError(
                kind: .refused,
                message:
                    "the model's answer was withheld by its provider's content filter; rephrase the task")
        }
        guard completion.message.toolCalls.isEmpty else {
            lastWasEmpty = false
            corrections = 0
            return try await runTools(of: completion)
        }
        let isAsked = mayCorrect(completion)
        if let notice = Self.noticeOfLostCalls(completion, isAsked: isAsked) { await onEvent(.notice(notice)) }
        if isAsked {
            corrections += 1
            request.messages += [completion.message, ChatMessage(role: .user, text: Self.correction)]
            return nil
        }
        let isEmpty = completion.message.text.allSatisfy(\.isWhitespace)
        if completion.finishReason == .length || !isEmpty {
            request.messages.append(completion.message)
            return result(completion.finishReason == .length ? .cut : .answered)
        }
        // Some models return nothing after a tool's result, but do when asked a second time.
        guard !lastWasEmpty else {
            if let answer = await answerOfReasoning(completion.message) { return answer }
            throw ModelError(
                kind: .malformed,
                message: "the model '\(request.model)' gave an empty answer twice; try again, or another model")
        }
        lastWasEmpty = true
        return nil
    }

    /// What the model is told about a call that wasn't run. It gets no example, which a weak model would repeat.
    private static let correction =
        "Nothing was run: your message contains a tool call as text, in a place or form in which it cannot be told from"
        + " an example. If it is the next step, make the call now: the whole message must be the call, with nothing"
        + " before or after it. If it was only shown, or the user has to decide first, do not make it: finish your answer"
        + " without a call."

    /// Whether the model should be told that a call in its answer wasn't run, because it may have meant it.
    private func mayCorrect(_ completion: ChatCompletion) -> Bool {
        completion.hasUnclearCall && !completion.hasToolChannel && completion.finishReason != .length
            && corrections < Self.maxCorrections && limitMet == nil
    }

    /// What the user is told about an answer without calls that should perhaps have some; `nil` for nothing.
    private static func noticeOfLostCalls(_ completion: ChatCompletion, isAsked: Bool) -> String? {
        if isAsked {
            return "the model wrote a tool call as text that cannot be run: its tool calls do not arrive as such."
                + " The model is told"
        }
        if completion.hasUnreadCall {
            return completion.hasToolChannel
                ? "the answer contains what looks like a tool call; it wasn't run"
                : "the model wrote a tool call as text that cannot be run: its tool calls do not arrive as such."
                    + " Use a server or a model that calls tools"
        }
        guard completion.finishReason == .toolCalls else { return nil }
        return "the model's server says that a tool is called, but no call has arrived"
    }

    /// Some servers classify a whole answer as reasoning: showing that is better than nothing.
    private mutating func answerOfReasoning(_ message: ChatMessage) async -> RunResult? {
        let text = message.reasoning
        guard !text.allSatisfy(\.isWhitespace) else { return nil }
        await onEvent(.notice("the model answered only in its reasoning, which is shown instead"))
        await onEvent(.text(hasSpoken ? "\n\n\(text)" : text))
        request.messages.append(ChatMessage(role: .assistant, text: text))
        return result(.answered)
    }

    private mutating func runTools(of completion: ChatCompletion) async throws -> RunResult? {
        var wanted = Self.distinct(completion.message.toolCalls, turn: turns)
        for place in wanted.indices {
            wanted[place].name = ToolName.meant(by: wanted[place].name, among: calls.toolNames)
        }
        var message = completion.message
        if completion.finishReason == .length, let cut = wanted.last, !ToolCalls.isWhole(cut) {
            await onEvent(
                .notice(
                    "the model's answer was cut at its token limit in the middle of a tool call, which is not run;"
                        + " the model is told. A higher limit (max_tokens) may help"))
        }
        message.toolCalls = wanted.map(ToolCalls.acceptable)
        request.messages.append(message)
        if let limit = limitMet {
            // Endpoints reject a conversation that contains a call without a result.
            request.messages += calls.results(of: wanted, without: limit)
            return await stop(limit)
        }
        request.messages += try await calls.run(wanted)
        return nil
    }

    // MARK: Limits

    private var limitMet: String? {
        if let most = limits.turns, turns >= most {
            return Self.sentence("the limit of \(most.counted("turn")) was reached")
        }
        if let most = limits.tokens, tokens >= most {
            return Self.sentence("the limit of \(most.counted("token")) was reached, with \(tokens) used")
        }
        if let deadline, deadline.isOver { return Self.timeIsUp(limits) }
        return nil
    }

    private static func timeIsUp(_ limits: RunLimits) -> String {
        let seconds = "\(limits.seconds ?? 0)"
        return sentence(
            "the limit of \(seconds.hasSuffix(".0") ? seconds.dropLast(2) : seconds[...]) seconds was reached")
    }

    private static func sentence(_ reason: String) -> String {
        "[Stopped before the task was done: \(reason).]"
    }

    private mutating func count(_ completion: ChatCompletion) {
        guard let cost = completion.usage else {
            let said = completion.message.toolCalls.reduce(completion.message.text.utf8.count) {
                $0 + $1.arguments.utf8.count
            }
            // Assumes about four bytes per token.
            tokens += (request.messages.reduce(said) { $0 + $1.text.utf8.count }) / 4
            return
        }
        let prompt = min(max(cost.prompt, 0), Self.maxTokens)
        let answer = min(max(cost.completion, 0), Self.maxTokens)
        let before = usage ?? TokenUsage(prompt: 0, completion: 0)
        usage = TokenUsage(prompt: before.prompt + prompt, completion: before.completion + answer)
        tokens += prompt + answer
    }

    // MARK: Ending the run

    /// Ends the run, and appends a sentence to the answer that explains why.
    private mutating func stop(_ sentence: String) async -> RunResult {
        await onEvent(.text(hasSpoken ? "\n\n\(sentence)" : sentence))
        if let last = request.messages.last, request.messages.count > known, last.role == .assistant {
            request.messages[request.messages.count - 1].content.append(.text("\n\n\(sentence)"))
        } else {
            request.messages.append(ChatMessage(role: .assistant, text: sentence))
        }
        return result(.limit(sentence))
    }

    private func result(_ end: RunResult.End) -> RunResult {
        RunResult(messages: Array(request.messages.dropFirst(known)), end: end, usage: usage)
    }

    /// Gives each call a unique id: some endpoints send none, or the same for all.
    private static func distinct(_ calls: [ChatToolCall], turn: Int) -> [ChatToolCall] {
        var seen: Set<String> = []
        return calls.enumerated().map { place, call in
            var call = call
            if call.id.isEmpty || seen.contains(call.id) { call.id = "call_\(turn)_\(place)" }
            seen.insert(call.id)
            return call
        }
    }
}

/// Forwards the model's text as it arrives, and records it.
private final class TextForwarder: Sendable {
    private let said = Locked("")
    private let notices: Locked<Set<String>>
    private let isSeparated: Bool
    private let onEvent: @Sendable (AgentEvent) async -> Void

    /// - Parameters:
    ///   - separated: whether to insert a blank line before the text, to separate it from an earlier turn's.
    ///   - notices: the notices already sent.
    init(separated: Bool, _ notices: Locked<Set<String>>, onEvent: @escaping @Sendable (AgentEvent) async -> Void) {
        self.notices = notices
        isSeparated = separated
        self.onEvent = onEvent
    }

    var text: String { said.withLock { $0 } }

    func forward(_ event: ModelEvent) async {
        switch event {
        case .text(let piece):
            guard !piece.isEmpty else { return }
            let isFirst = said.withLock { said in
                defer { said += piece }
                return said.isEmpty
            }
            if isFirst && isSeparated { await onEvent(.text("\n\n")) }
            await onEvent(.text(piece))
        case .retrying(let reason, let seconds):
            await onEvent(.retrying(reason: reason, seconds: seconds))
        case .notice(let message):
            guard notices.withLock({ $0.insert(message).inserted }) else { return }
            await onEvent(.notice(message))
        }
    }
}
