import HTTPServer
import JSON
import OpenAI
import Threading

/// `POST /v1/chat/completions`: a run of the agent, presented as a model.
struct ChatRoute: Sendable {
    /// Maximum number of events in a non-streamed answer; the rest is dropped.
    private static let maxEvents = 1000

    let options: ServiceOptions
    let runner: any AgentRunner
    let conversations: ConversationStore
    let turns: PerUserQueue
    let budgets: RateLimiter
    let links: SignedArtifactLinks
    let questions: PendingQuestions
    let users: RequestUsers
    let log: @Sendable (String) -> Void
    /// The ignored members that are already logged.
    private let knownPassedOver = Locked<Set<String>>([])

    init(
        options: ServiceOptions, runner: any AgentRunner, conversations: ConversationStore, turns: PerUserQueue,
        budgets: RateLimiter, links: SignedArtifactLinks, questions: PendingQuestions,
        users: RequestUsers, log: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.runner = runner
        self.conversations = conversations
        self.turns = turns
        self.budgets = budgets
        self.links = links
        self.questions = questions
        self.users = users
        self.log = log
    }

    func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        var call = try ChatCall(request, ownModel: options.model, users: users)
        // Links are for the person: the model's provider must not get them, and an old one no longer works.
        call.messages = call.messages.map { $0.role == .assistant ? $0.withoutAddresses : $0 }
        if let seconds = budgets.acquire("user \(call.caller.user)") {
            throw APIRequestError.tooManyRequests(seconds: seconds)
        }
        logIgnored(call.ignored)
        // If no conversation is remembered, runs need not be serialized.
        let turn = try turns.acquire(for: options.sessionSeconds > 0 ? call.caller.conversation : nil)
        let name = CompletionID(model: call.model ?? options.model)
        return call.isStreamed ? stream(call, turn, name) : try await whole(call, turn, name)
    }

    // MARK: - Whole and streamed answers

    private func whole(_ call: ChatCall, _ turn: PerUserQueue.Turn, _ name: CompletionID) async throws -> HTTPResponse {
        let text = Locked("")
        let events = Locked<[JSON]>([])
        let made = MadeArtifacts()
        let result: RunResult
        let demanded: ChatToolCall?
        do {
            (result, demanded) = try await run(call, turn, answerer(for: call, name)) { event in
                made.note(event)
                switch event {
                case .text(let piece): text.withLock { $0 += piece }
                case .toolProgress, .toolOutput, .turnEnded: break
                default: events.withLock { if $0.count < Self.maxEvents { $0.append(event.json) } }
                }
            }
        } catch {
            throw failure(of: error, call, name)
        }
        var said = text.withLock { $0 }
        said += result.unsaid(in: said)
        said += ending(of: call, made, hasText: !said.isEmpty)
        let completion = ChatCompletion(
            message: ChatMessage(role: .assistant, text: said),
            finishReason: result.finishReason, usage: result.usage ?? .unknown)
        var extra: JSONObject = ["exec_agent": ["events": .array(events.withLock { $0 })]]
        if let answer = call.answer(demanded, name) {
            let reason = answer.finishReason.word
            extra["choices"] = [
                ["index": 0, "message": answer.message, "logprobs": nil, "finish_reason": .string(reason)]
            ]
        }
        let json = completion.json(id: name.id, created: name.created, model: name.model, extra: extra)
        return HTTPResponse(json: json)
    }

    private func stream(_ call: ChatCall, _ turn: PerUserQueue.Turn, _ name: CompletionID) -> HTTPResponse {
        let headers = [
            HTTPHeader("Content-Type", "\(EventStream.mediaType); charset=utf-8"),
            // Some proxies buffer a stream until it is complete.
            HTTPHeader("X-Accel-Buffering", "no"),
        ]
        return HTTPResponse(
            headers: headers,
            body: .stream { writer in
                let stream = ChatStream(writer, name)
                try await stream.begin(hasText: call.demand == nil)
                do {
                    let (result, demanded, rest) = try await run(call, turn, answerer(for: call, name), into: stream)
                    let answer = call.answer(demanded, name)
                    if let answer { try await stream.send(answer) }
                    if !rest.isEmpty { try await stream.send(.text(rest)) }
                    try await stream.end(
                        answer?.finishReason ?? result.finishReason,
                        usage: call.includesUsage ? result.usage ?? .unknown : nil)
                } catch  where !(error is CancellationError || error is ConnectionClosedError) {
                    try await stream.fail(failure(of: error, call, name))
                }
            })
    }

    /// Runs the agent while the stream sends keep-alive comments.
    ///
    /// - Returns: also the text that still has to be sent.
    private func run(
        _ call: ChatCall, _ turn: PerUserQueue.Turn, _ answerer: (any QuestionAnswerer)?, into stream: ChatStream
    ) async throws -> (RunResult, demanded: ChatToolCall?, rest: String) {
        // The end of the text is enough to know whether the limit was mentioned.
        let said = Locked("")
        let made = MadeArtifacts()
        return try await withThrowingTaskGroup(of: (RunResult, ChatToolCall?)?.self) { group in
            group.addTask {
                try await run(call, turn, answerer) { event in
                    made.note(event)
                    if case .text(let text) = event { said.withLock { $0 = String(($0 + text).suffix(1000)) } }
                    // If the client is gone, the run is cancelled anyway.
                    try? await stream.send(event)
                }
            }
            group.addTask {
                try await stream.showLife(everySeconds: options.signOfLifeSeconds)
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                guard let (result, demanded) = ended else { continue }
                if demanded != nil { return (result, demanded, "") }
                let text = said.withLock { $0 }
                let rest = result.unsaid(in: text)
                return (result, nil, rest + ending(of: call, made, hasText: !(text + rest).isEmpty))
            }
            throw CancellationError()
        }
    }

    // MARK: - The run

    /// Returns what answers servers' questions in the run; `nil` if nothing can.
    private func answerer(for call: ChatCall, _ name: CompletionID) -> (any QuestionAnswerer)? {
        guard options.approval != .never else { return nil }
        let person = RunQuestions(questions, user: call.caller.user, run: name.id)
        return options.approval == .ask ? person : AutomaticApproval(otherwise: person)
    }

    /// - Returns: how it ended, and the call that the answer must be, if one is demanded.
    private func run(
        _ call: ChatCall, _ turn: PerUserQueue.Turn, _ answerer: (any QuestionAnswerer)?,
        onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> (RunResult, ChatToolCall?) {
        defer { turn.end() }
        try await turn.wait()
        let start = ContinuousClock.now
        var conversation = conversations.continued(by: call.messages, of: call.caller)
        if let continuation = ChatMessage.continuation(of: conversation) { conversation.append(continuation) }
        let (result, demanded) = try await work(on: conversation, call, answerer, onEvent)
        let seconds = (start.duration(to: .now) / .milliseconds(100)).rounded() / 10
        log("a run for the user \(call.caller.user) ended after \(seconds) s: \(result.finishReason.word)")
        // The front end itself stores a chat.
        if let name = call.caller.conversation, !call.caller.isChat, !turn.isForgotten {
            conversations.keep(conversation + result.messages, of: name)
        }
        return (result, demanded)
    }

    private func work(
        on conversation: [ChatMessage], _ call: ChatCall, _ answerer: (any QuestionAnswerer)?,
        _ onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> (RunResult, ChatToolCall?) {
        let user = UserName.forServers(call.caller.user)
        guard let demand = call.demand else {
            return (try await answer(to: conversation, call, user, answerer, onEvent), nil)
        }
        let demanded = DemandedRun(
            demand: demand, limits: options.limits, parameters: call.parameters, onEvent: onEvent
        ) { conversation, limits, parameters in
            try await runner.run(
                conversation, user: user, model: call.model, limits: limits, parameters: parameters,
                answerer: answerer
            ) { event in
                // The text becomes the call.
                if case .text = event { return }
                await onEvent(event)
            }
        }
        return try await demanded.run(conversation)
    }

    private func answer(
        to conversation: [ChatMessage], _ call: ChatCall, _ user: String?, _ answerer: (any QuestionAnswerer)?,
        _ onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        let work:
            @Sendable (
                [ChatMessage], JSONObject, @escaping @Sendable (AgentEvent) async -> Void
            ) async throws -> RunResult = { conversation, parameters, onEvent in
                try await runner.run(
                    conversation, user: user, model: call.model, limits: options.limits, parameters: parameters,
                    answerer: answerer, onEvent: onEvent)
            }
        guard let form = call.parameters["response_format"] else {
            return try await work(conversation, call.parameters, onEvent)
        }
        let hasStarted = Locked(false)
        do {
            return try await work(conversation, call.parameters) { event in
                switch event {
                case .notice, .retrying: break
                default: hasStarted.withLock { $0 = true }
                }
                await onEvent(event)
            }
        } catch let error as ModelError where error.isOfAnswerForm && !hasStarted.withLock({ $0 }) {
            var parameters = call.parameters
            parameters["response_format"] = nil
            return try await FormedRun(form: form, parameters: parameters, onEvent: onEvent, work: work)
                .run(conversation)
        }
    }

    /// Returns what follows an answer: links to the artifacts of its run. Empty if a program reads the answer.
    private func ending(of call: ChatCall, _ made: MadeArtifacts, hasText: Bool) -> String {
        guard call.parameters["response_format"] == nil, call.demand == nil else { return "" }
        let markdown = links.markdown(of: made.names, user: call.caller.user)
        return markdown.isEmpty ? "" : (hasText ? "\n\n" : "") + markdown
    }

    /// Logs each member once: front ends offer their tools with every request.
    private func logIgnored(_ members: [String]) {
        let news = knownPassedOver.withLock { known in members.filter { known.insert($0).inserted } }
        for member in news {
            log("a client sends '\(member)', which is ignored: the agent calls only its own tools")
        }
    }

    private func failure(of error: any Error, _ call: ChatCall, _ name: CompletionID) -> APIRequestError {
        let failure = APIRequestError(error, namedModel: call.model != nil)
        if !Task.isCancelled { log("\(name.id): \(failure.status) \(failure.error.message)") }
        return failure
    }
}

extension ChatCall {
    /// Returns the answer if it is a call.
    fileprivate func answer(_ call: ChatToolCall?, _ name: CompletionID) -> DemandedAnswer? {
        guard let demand, let call else { return nil }
        return DemandedAnswer(call, to: demand, id: name.callID)
    }
}

extension TokenUsage {
    /// Reported if the endpoint does not count tokens: many clients require a number.
    fileprivate static let unknown = TokenUsage(prompt: 0, completion: 0)
}

extension RunResult {
    fileprivate var finishReason: FinishReason {
        switch end {
        case .answered: .stop
        case .cut, .limit: .length
        }
    }

    /// Returns the sentence that says which limit was reached, unless the text already contains it.
    fileprivate func unsaid(in text: String) -> String {
        guard case .limit(let sentence) = end, !text.contains(sentence) else { return "" }
        return (text.isEmpty ? "" : "\n\n") + sentence
    }
}

/// Collects the names of the artifacts that a run created or changed.
private final class MadeArtifacts: Sendable {
    private let found = Locked(FileNames())

    var names: [String] { found.withLock { $0.all } }

    func note(_ event: AgentEvent) {
        guard case .toolEnded(let end) = event else { return }
        found.withLock { found in end.artifacts.forEach { found.add($0) } }
    }
}

extension ChatMessage {
    /// The message without URLs that open artifacts.
    fileprivate var withoutAddresses: ChatMessage {
        var message = self
        message.content = content.map { part in
            if case .text(let text) = part { .text(SignedArtifactLinks.withoutAddresses(text)) } else { part }
        }
        return message
    }
}
