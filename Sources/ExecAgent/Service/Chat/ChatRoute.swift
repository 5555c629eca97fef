import HTTPServer
import JSON
import OpenAI
import Threading

/// `POST /v1/chat/completions` and `POST /v1/completions`: a run of the agent, presented as a model.
struct ChatRoute: Sendable {
    /// Maximum number of events in a non-streamed answer; the rest is dropped.
    private static let maxEvents = 1000

    let runs: ServedRuns
    let conversations: ConversationStore

    private var options: ServiceOptions { runs.options }

    func answer(_ request: HTTPRequest, as format: AnswerFormat) async throws -> HTTPResponse {
        var call = try ChatCall(request, ownModel: options.model, users: runs.users, format: format)
        call.messages = call.messages.withoutAddresses
        try runs.attachments.check(call.messages, of: call.caller.user)
        try runs.admit(call)
        // If no conversation is remembered, runs need not be serialized.
        let turn = try runs.turns.acquire(for: options.sessionSeconds > 0 ? call.caller.conversation : nil)
        let name = CompletionID(model: call.model ?? options.model, format: format)
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
            (result, demanded) = try await run(call, turn, name) { event in
                made.note(event)
                switch event {
                case .text(let piece): text.withLock { $0 += piece }
                case .toolProgress, .toolOutput, .turnEnded: break
                default: events.withLock { if $0.count < Self.maxEvents { $0.append(event.json) } }
                }
            }
        } catch {
            throw runs.failure(of: error, call, id: name.id)
        }
        var said = text.withLock { $0 }
        said += runs.ending(of: call, result, made, after: said)
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
        return HTTPResponse(json: name.json(completion, extra))
    }

    private func stream(_ call: ChatCall, _ turn: PerUserQueue.Turn, _ name: CompletionID) -> HTTPResponse {
        HTTPResponse { writer in
            let live = LiveWriter(writer)
            let stream = ChatStream(live, name)
            try await stream.begin(hasText: call.demand == nil)
            do {
                let (result, demanded, rest) = try await live.whileAlive(everySeconds: options.signOfLifeSeconds) {
                    try await run(call, turn, name, into: stream)
                }
                let answer = call.answer(demanded, name)
                if let answer { try await stream.send(answer) }
                if !rest.isEmpty { try await stream.send(.text(rest)) }
                try await stream.end(
                    answer?.finishReason ?? result.finishReason,
                    usage: call.includesUsage ? result.usage ?? .unknown : nil)
            } catch  where !(error is CancellationError || error is ConnectionClosedError) {
                try await stream.fail(runs.failure(of: error, call, id: name.id))
            }
        }
    }

    /// - Returns: also the text that still has to be sent.
    private func run(
        _ call: ChatCall, _ turn: PerUserQueue.Turn, _ name: CompletionID, into stream: ChatStream
    ) async throws -> (RunResult, demanded: ChatToolCall?, rest: String) {
        // The end of the text is enough to know whether the limit was mentioned.
        let said = Locked("")
        let made = MadeArtifacts()
        let (result, demanded) = try await run(call, turn, name) { event in
            made.note(event)
            if case .text(let text) = event { said.withLock { $0 = String(($0 + text).suffix(1000)) } }
            // If the client is gone, the run is cancelled anyway.
            try? await stream.send(event)
        }
        return (result, demanded, runs.ending(of: call, result, made, after: said.withLock { $0 }))
    }

    // MARK: - The run

    /// - Returns: how it ended, and the call that the answer must be, if one is demanded.
    private func run(
        _ call: ChatCall, _ turn: PerUserQueue.Turn, _ name: CompletionID,
        onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> (RunResult, ChatToolCall?) {
        defer { turn.end() }
        try await turn.wait()
        let messages = try await runs.attachments.place(call.messages, of: call.caller.user)
        let conversation = conversations.continued(by: messages, of: call.caller)
        let (result, demanded) = try await runs.work(on: conversation, call, id: name.id, onEvent)
        // The front end itself stores a chat.
        if let name = call.caller.conversation, !call.caller.isChat, !turn.isForgotten {
            conversations.keep(conversation + result.messages, of: name)
        }
        return (result, demanded)
    }
}

extension ChatCall {
    /// Returns the answer if it is a call.
    fileprivate func answer(_ call: ChatToolCall?, _ name: CompletionID) -> DemandedAnswer? {
        guard let demand, let call else { return nil }
        return DemandedAnswer(call, to: demand, id: name.callID)
    }
}
