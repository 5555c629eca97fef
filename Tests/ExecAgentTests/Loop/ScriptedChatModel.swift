import JSON
import MCP
import MCPServers
import OpenAI
import TestSupport
import Threading

@testable import ExecAgent

/// A model that answers with what a test says, turn by turn.
final class ScriptedChatModel: ChatModel {
    /// One turn: what happens and what is answered.
    typealias Turn =
        @Sendable (ChatRequest, @Sendable (ModelEvent) async -> Void) async throws -> ChatCompletion

    let requests = Recorder<ChatRequest>()
    private let turns: Locked<[Turn]>

    convenience init(_ turns: Turn...) {
        self.init(turns)
    }

    init(_ turns: [Turn]) {
        self.turns = Locked(turns)
    }

    func complete(
        _ request: ChatRequest, onEvent: @escaping @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion {
        requests.record(request)
        let turn = turns.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let turn else { throw ModelError(kind: .malformed, message: "the script is at its end") }
        return try await turn(request, onEvent)
    }

    /// A turn that says something, in two pieces.
    static func says(
        _ text: String, finish: FinishReason? = .stop, usage: TokenUsage? = nil, calling calls: [ChatToolCall] = []
    ) -> Turn {
        { _, onEvent in
            let middle = text.index(text.startIndex, offsetBy: text.count / 2)
            await onEvent(.text(String(text[..<middle])))
            await onEvent(.text(String(text[middle...])))
            return ChatCompletion(
                message: ChatMessage(
                    role: .assistant, content: text.isEmpty ? [] : [.text(text)], toolCalls: calls),
                finishReason: finish, usage: usage)
        }
    }

    /// A turn that calls tools.
    static func calls(_ calls: ChatToolCall..., usage: TokenUsage? = nil) -> Turn {
        says("", finish: .toolCalls, usage: usage, calling: calls)
    }
}

extension ChatToolCall {
    /// A call of the tool `look`.
    static func look(_ id: String, _ arguments: String = "{}") -> ChatToolCall {
        ChatToolCall(id: id, name: "look", arguments: arguments)
    }
}
