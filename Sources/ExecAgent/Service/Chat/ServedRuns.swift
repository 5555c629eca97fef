import HTTPServer
import JSON
import OpenAI
import Threading

/// What a request asks of the agent, whichever of OpenAI's APIs it uses.
protocol ServedCall: Sendable {
    var caller: Caller { get }
    /// The model that the client names; `nil` for the default.
    var model: String? { get }
    /// The parameters passed on to the model.
    var parameters: JSONObject { get }
    /// The ignored members from which the client may have expected something.
    var ignored: [String] { get }
    /// The call that the answer must be; `nil` for a text answer.
    var demand: CallDemand? { get }
}

/// The agent's runs for requests of OpenAI's APIs.
struct ServedRuns: Sendable {
    let options: ServiceOptions
    let runner: any AgentRunner
    let turns: PerUserQueue
    let budgets: RateLimiter
    let links: SignedArtifactLinks
    let questions: PendingQuestions
    let users: RequestUsers
    let attachments: Attachments
    let log: @Sendable (String) -> Void
    /// The ignored members that are already logged.
    private let knownPassedOver = Locked<Set<String>>([])

    init(
        options: ServiceOptions, runner: any AgentRunner, turns: PerUserQueue, budgets: RateLimiter,
        links: SignedArtifactLinks, questions: PendingQuestions, users: RequestUsers, attachments: Attachments,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.runner = runner
        self.turns = turns
        self.budgets = budgets
        self.links = links
        self.questions = questions
        self.users = users
        self.attachments = attachments
        self.log = log
    }

    /// Counts a request.
    ///
    /// - Throws: ``APIRequestError`` if its user sends too many.
    func admit(_ call: some ServedCall) throws(APIRequestError) {
        if let seconds = budgets.acquire("user \(call.caller.user)") {
            throw APIRequestError.tooManyRequests(seconds: seconds)
        }
        logIgnored(call.ignored)
    }

    /// Runs the agent.
    ///
    /// - Parameters:
    ///   - conversation: with files that aren't in the sandbox yet.
    ///   - id: the id of the answer.
    /// - Returns: how it ended, and the call that the answer must be, if one is demanded.
    func work(
        on conversation: [ChatMessage], _ call: some ServedCall, id: String, limits: RunLimits? = nil,
        _ onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> (RunResult, ChatToolCall?) {
        let start = ContinuousClock.now
        let limits = limits ?? options.limits
        let answerer = answerer(for: call.caller.user, id)
        let user = UserName.forServers(call.caller.user)
        var conversation = conversation
        if let continuation = ChatMessage.continuation(of: conversation) { conversation.append(continuation) }
        let ended: (RunResult, ChatToolCall?)
        if let demand = call.demand {
            let demanded = DemandedRun(
                demand: demand, limits: limits, parameters: call.parameters, onEvent: onEvent
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
            ended = try await demanded.run(conversation)
        } else {
            ended = (try await answer(to: conversation, call, user, limits, answerer, onEvent), nil)
        }
        let seconds = (start.duration(to: .now) / .milliseconds(100)).rounded() / 10
        log("a run for the user \(call.caller.user) ended after \(seconds) s: \(ended.0.finishReason.word)")
        return ended
    }

    /// Returns what answers servers' questions in the run; `nil` if nothing can.
    private func answerer(for user: String, _ id: String) -> (any QuestionAnswerer)? {
        let person = RunQuestions(questions, user: user, run: id)
        return switch options.approval {
        case .never, .page: nil
        case .ask: person
        case .always: AutomaticApproval(otherwise: person)
        }
    }

    private func answer(
        to conversation: [ChatMessage], _ call: some ServedCall, _ user: String?, _ limits: RunLimits,
        _ answerer: (any QuestionAnswerer)?, _ onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        let work:
            @Sendable (
                [ChatMessage], JSONObject, @escaping @Sendable (AgentEvent) async -> Void
            ) async throws -> RunResult = { conversation, parameters, onEvent in
                try await runner.run(
                    conversation, user: user, model: call.model, limits: limits, parameters: parameters,
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

    /// Returns what follows a text: the limit that ended the run if the text doesn't say so, and links to the artifacts
    /// unless a program reads the answer.
    ///
    /// - Parameter text: the end of the text is enough.
    func ending(of call: some ServedCall, _ result: RunResult, _ made: MadeArtifacts, after text: String) -> String {
        guard call.demand == nil else { return "" }
        let rest = result.unsaid(in: text)
        guard call.parameters["response_format"] == nil else { return rest }
        let markdown = links.markdown(of: made.names, user: call.caller.user)
        return rest + (markdown.isEmpty ? "" : ((text + rest).isEmpty ? "" : "\n\n") + markdown)
    }

    /// Logs each member once: front ends offer their tools with every request.
    private func logIgnored(_ members: [String]) {
        let news = knownPassedOver.withLock { known in members.filter { known.insert($0).inserted } }
        for member in news {
            log("a client sends '\(member)', which is ignored: the agent calls only its own tools")
        }
    }

    /// Returns the error for a failed run, and logs it.
    func failure(of error: any Error, _ call: some ServedCall, id: String) -> APIRequestError {
        let failure = APIRequestError(error, namedModel: call.model != nil)
        if !Task.isCancelled { log("\(id): \(failure.status) \(failure.error.message)") }
        return failure
    }
}

extension TokenUsage {
    /// Reported if the endpoint does not count tokens: many clients require a number.
    static let unknown = TokenUsage(prompt: 0, completion: 0)
}

extension RunResult {
    var finishReason: FinishReason {
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

extension [ChatMessage] {
    /// The messages without URLs that open artifacts, which are for the person: the model's provider must not get them,
    /// and an old one no longer works.
    var withoutAddresses: [ChatMessage] {
        map { message in
            guard message.role == .assistant else { return message }
            var message = message
            message.content = message.content.map { part in
                if case .text(let text) = part { .text(SignedArtifactLinks.withoutAddresses(text)) } else { part }
            }
            return message
        }
    }
}
