import JSON
import JSONRPC
import Threading

/// Gathers the answers to a batch and hands them on as one array when the last is in (2025-03-26, basic/index). They are
/// kept as they will be written, which takes a fraction of the memory that they have as values.
final class BatchReply: Sendable {
    /// How many bytes of answers are kept. What does not fit is answered with an error.
    static let maximumBytes = 64 * 1024 * 1024

    private struct State {
        var awaited: Int
        /// The answers, with commas between them.
        var text: [UInt8] = []
    }

    private let state: Locked<State>
    private let limit: Int
    private let send: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - awaited: how many messages of the batch get an answer.
    ///   - send: writes the array, as text on one line.
    init(awaited: Int, limit: Int = maximumBytes, send: @escaping @Sendable ([UInt8]) -> Void) {
        state = Locked(State(awaited: awaited))
        self.limit = limit
        self.send = send
    }

    /// Takes one answer; `nil` stands for a request that was cancelled and gets none.
    func add(_ response: Response?) {
        let answer = response?.json.serialized()
        let complete: [UInt8]? = state.withLock { state in
            state.awaited -= 1
            if let response, let answer {
                state.text.append(state.text.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
                state.text += state.text.count + answer.count <= limit ? answer : refusal(of: response)
            }
            guard state.awaited == 0, !state.text.isEmpty else { return nil }
            defer { state.text = [] }
            return state.text + [UInt8(ascii: "]")]
        }
        if let complete { send(complete) }
    }

    private func refusal(of response: Response) -> [UInt8] {
        let error = RPCError.internalError(
            "The answers to this batch have more than \(limit) bytes together. Ask one by one.")
        return Response(id: response.id, .failure(error)).json.serialized()
    }
}
