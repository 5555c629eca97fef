import JSON
import JSONRPC
import Threading

/// Gathers the answers to a batch and hands them on as one array when the last is in (2025-03-26, basic/index).
final class BatchReply: Sendable {
    private struct State {
        var awaited: Int
        var responses: [JSON] = []
    }

    private let state: Locked<State>
    private let send: @Sendable (JSON) -> Void

    /// - Parameter awaited: how many messages of the batch get an answer.
    init(awaited: Int, send: @escaping @Sendable (JSON) -> Void) {
        state = Locked(State(awaited: awaited))
        self.send = send
    }

    /// Takes one answer; `nil` stands for a request that was cancelled and gets none.
    func add(_ response: Response?) {
        let complete: [JSON]? = state.withLock { state in
            state.awaited -= 1
            if let response { state.responses.append(response.json) }
            return state.awaited == 0 && !state.responses.isEmpty ? state.responses : nil
        }
        if let complete { send(.array(complete)) }
    }
}
