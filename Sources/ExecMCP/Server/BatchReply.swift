import JSON
import JSONRPC
import Threading

/// Collects the answers to a batch and sends them as one array after the last one has arrived (2025-03-26,
/// basic/index). They are kept as serialized text, which needs a fraction of the memory of parsed values.
final class BatchReply: Sendable {
    /// The maximum number of answer bytes kept. An answer that doesn't fit is replaced by an error.
    static let maxBytes = 64 * 1024 * 1024

    private struct State {
        var awaited: Int
        /// The answers, separated by commas.
        var text: [UInt8] = []
        /// The number of bytes reserved in the room shared by all batches.
        var taken = 0
    }

    private let state: Locked<State>
    private let limit: Int
    private let room: BatchRoom
    private let send: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - awaited: the number of messages in the batch that get an answer.
    ///   - room: the memory budget shared by the answers to all batches in progress.
    ///   - send: writes the array as text on one line.
    init(
        awaited: Int, limit: Int = maxBytes, room: BatchRoom, send: @escaping @Sendable ([UInt8]) -> Void
    ) {
        state = Locked(State(awaited: awaited))
        self.limit = limit
        self.room = room
        self.send = send
    }

    /// Adds an answer. `nil` stands for a cancelled request, which gets no answer.
    func add(_ response: Response?) {
        let answer = response?.json.serialized()
        let complete: [UInt8]? = state.withLock { state in
            state.awaited -= 1
            if let response, let answer {
                state.text.append(state.text.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
                state.text += reserve(answer.count, &state) ? answer : refusal(of: response)
            }
            guard state.awaited == 0, !state.text.isEmpty else { return nil }
            defer { state.text = [] }
            room.release(state.taken)
            return state.text + [UInt8(ascii: "]")]
        }
        if let complete { send(complete) }
    }

    private func reserve(_ count: Int, _ state: inout State) -> Bool {
        guard state.text.count + count <= limit, room.reserve(count) else { return false }
        state.taken += count
        return true
    }

    private func refusal(of response: Response) -> [UInt8] {
        let error = RPCError.internalError(
            """
            The responses to this batch have more than \(limit) bytes in total, or those to all batches in progress \
            more than \(BatchRoom.maxBytes). Send the requests one by one.
            """)
        return Response(id: response.id, .failure(error)).json.serialized()
    }
}

/// The memory budget for incomplete batch answers, shared by all batches.
final class BatchRoom: Sendable {
    /// The budget, in bytes.
    static let maxBytes = 2 * BatchReply.maxBytes

    private let taken = Locked(0)
    private let limit: Int

    init(limit: Int = maxBytes) {
        self.limit = limit
    }

    /// - Returns: whether there was enough room.
    func reserve(_ count: Int) -> Bool {
        taken.withLock { taken in
            guard taken + count <= limit else { return false }
            taken += count
            return true
        }
    }

    func release(_ count: Int) {
        taken.withLock { $0 -= count }
    }
}
