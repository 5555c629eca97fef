import JSON
import OpenAI

/// Writes one answer as server-sent events.
final class ChatStream: Sendable {
    private let writer: LiveWriter
    private let answer: CompletionID

    init(_ writer: LiveWriter, _ answer: CompletionID) {
        self.writer = writer
        self.answer = answer
    }

    /// Starts the answer before there is any content, so that the client knows that it is being worked on.
    ///
    /// - Parameter hasText: whether the answer is a text rather than a call.
    func begin(hasText: Bool) async throws {
        guard hasText else { return try await write(delta: ["role": "assistant", "content": nil]) }
        try await write(ChatChunk(delta: ChatChunk.Delta(role: .assistant)))
    }

    /// Sends the call that is the answer.
    func send(_ answer: DemandedAnswer) async throws {
        for delta in answer.deltas { try await write(delta: delta) }
    }

    /// Sends an event.
    func send(_ event: AgentEvent) async throws {
        if event.isDetail { return }
        if case .text(let text) = event {
            try await write(ChatChunk(delta: ChatChunk.Delta(text: text)))
        } else {
            // In a chunk of its own that adds nothing to the text: clients that don't know the member ignore it. Many
            // front ends show reasoning until there is text.
            var extra: JSONObject = ["exec_agent": event.json]
            if let summary = event.summary {
                extra["choices"] = Self.choices(delta: ["reasoning_content": .string(summary + "\n")])
            }
            try await write(ChatChunk(delta: ChatChunk.Delta()), extra)
        }
    }

    /// Ends the answer.
    ///
    /// - Parameter usage: sent in a chunk of its own; `nil` for none.
    func end(_ reason: FinishReason, usage: TokenUsage?) async throws {
        try await write(ChatChunk(delta: ChatChunk.Delta(), finishReason: reason))
        if let usage { try await write(ChatChunk(delta: nil, usage: usage)) }
        try await send(EventStream.done)
    }

    /// Ends the stream with an error as OpenAI's libraries understand it, and without the `[DONE]` of a complete
    /// answer.
    func fail(_ failure: APIRequestError) async throws {
        try await send(EventStream.event(failure.error.json))
    }

    private static func choices(delta: JSON) -> JSON {
        [["index": 0, "delta": delta, "logprobs": nil, "finish_reason": nil]]
    }

    /// Writes a delta that ``ChatChunk`` cannot represent.
    private func write(delta: JSON) async throws {
        try await write(ChatChunk(delta: ChatChunk.Delta()), ["choices": Self.choices(delta: delta)])
    }

    private func write(_ chunk: ChatChunk, _ extra: JSONObject = JSONObject()) async throws {
        try await send(EventStream.event(answer.json(chunk, extra)))
    }

    private func send(_ bytes: [UInt8]) async throws { try await writer.send(bytes) }
}
