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
        /// How many bytes of the room for all batches are taken.
        var taken = 0
    }

    private let state: Locked<State>
    private let limit: Int
    private let room: BatchRoom
    private let send: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - awaited: how many messages of the batch get an answer.
    ///   - room: what the answers to all batches under way have together.
    ///   - send: writes the array, as text on one line.
    init(
        awaited: Int, limit: Int = maximumBytes, room: BatchRoom, send: @escaping @Sendable ([UInt8]) -> Void
    ) {
        state = Locked(State(awaited: awaited))
        self.limit = limit
        self.room = room
        self.send = send
    }

    /// Takes one answer; `nil` stands for a request that was cancelled and gets none.
    func add(_ response: Response?) {
        let answer = response?.json.serialized()
        let complete: [UInt8]? = state.withLock { state in
            state.awaited -= 1
            if let response, let answer {
                state.text.append(state.text.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
                state.text += take(answer.count, &state) ? answer : refusal(of: response)
            }
            guard state.awaited == 0, !state.text.isEmpty else { return nil }
            defer { state.text = [] }
            room.giveBack(state.taken)
            return state.text + [UInt8(ascii: "]")]
        }
        if let complete { send(complete) }
    }

    private func take(_ count: Int, _ state: inout State) -> Bool {
        guard state.text.count + count <= limit, room.take(count) else { return false }
        state.taken += count
        return true
    }

    private func refusal(of response: Response) -> [UInt8] {
        let error = RPCError.internalError(
            """
            The answers to this batch have more than \(limit) bytes together, or those to all batches under way more than \
            \(BatchRoom.maximumBytes). Ask one by one.
            """)
        return Response(id: response.id, .failure(error)).json.serialized()
    }
}

/// How much the answers to all batches may hold that wait for their last one.
final class BatchRoom: Sendable {
    /// How many bytes.
    static let maximumBytes = 2 * BatchReply.maximumBytes

    private let taken = Locked(0)
    private let limit: Int

    init(limit: Int = maximumBytes) {
        self.limit = limit
    }

    /// - Returns: whether there was room.
    func take(_ count: Int) -> Bool {
        taken.withLock { taken in
            guard taken + count <= limit else { return false }
            taken += count
            return true
        }
    }

    func giveBack(_ count: Int) {
        taken.withLock { $0 -= count }
    }
}
