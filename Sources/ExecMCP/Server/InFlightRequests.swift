import JSON
import JSONRPC
import Threading

/// The requests in progress, kept so that they can be cancelled and limited in number and size.
final class InFlightRequests: Sendable {
    /// The maximum number of requests in progress.
    static let maxCount = 4096
    /// The maximum number of request bytes held at once.
    static let maxBytes = 256 * 1024 * 1024

    /// A request in progress.
    struct InFlightRequest: Sendable {
        fileprivate let requests: InFlightRequests
        fileprivate let id: RequestID
        fileprivate let ticket: Int

        /// Ends the request.
        ///
        /// - Returns: whether its answer may still be sent.
        func finish() -> Bool { requests.finish(id, ticket) }

        /// Runs `body` unless the request has ended; the request can't end while `body` runs. `body` must not block.
        func whileActive(_ body: () -> Void) { requests.whileActive(id, ticket, body) }
    }

    private struct Entry: Sendable {
        let ticket: Int
        let task: Task<Void, Never>
        let onCancel: @Sendable () -> Void
    }

    private struct State {
        var nextTicket = 0
        var entries: [RequestID: Entry] = [:]
        /// Includes cancelled requests until their work has ended.
        var bytes = 0
        var mustNotWait = false
    }

    private let state = ConditionLocked(State())
    private let roomTimeout: Double

    /// - Parameter roomTimeout: the maximum time that a request waits for room, in seconds. The wait is limited because
    ///   a cancellation that would make room can't be read during it.
    init(roomTimeout: Double = 10) {
        self.roomTimeout = roomTimeout
    }

    /// Starts `work` under `id`. If there isn't enough room, blocks the calling thread for a limited time until there
    /// is.
    ///
    /// - Parameters:
    ///   - size: the number of bytes that the request keeps in memory, at least 1.
    ///   - onCancel: called if the client cancels the request; nothing may be sent after that.
    ///   - work: receives the request in progress.
    /// - Throws: an error if the ID is in use, or if there are too many requests.
    func start(
        _ id: RequestID, size: Int, onCancel: @escaping @Sendable () -> Void,
        _ work: @escaping @Sendable (InFlightRequest) async -> Void
    ) throws(RPCError) {
        let hasRoom = state.wait(seconds: roomTimeout) { state in
            if state.bytes == 0 || state.bytes + size <= Self.maxBytes { return true }
            return state.mustNotWait ? false : nil
        }
        guard hasRoom == true else {
            throw .internalError(
                "Requests of \(Self.maxBytes >> 20) MiB are in progress; wait for responses or cancel some first."
            )
        }
        let refusal: RPCError? = state.change { state in
            guard state.entries[id] == nil else {
                return .invalidRequest("The id \(id) belongs to a request that is still in progress.")
            }
            guard state.entries.count < Self.maxCount else {
                return .internalError("\(Self.maxCount) requests are in progress; wait for responses first.")
            }
            let ticket = state.nextTicket
            state.nextTicket += 1
            state.bytes += size
            let task = Task {
                await work(InFlightRequest(requests: self, id: id, ticket: ticket))
                self.state.change { $0.bytes -= size }
            }
            state.entries[id] = Entry(ticket: ticket, task: task, onCancel: onCancel)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Cancels the request with the ID `value`; ignores an unknown ID.
    func cancel(_ value: JSON?) {
        let entry: Entry? = state.change { state in
            if let id = RequestID(value), let entry = state.entries.removeValue(forKey: id) { return entry }
            guard let value, let id = state.entries.keys.first(where: { $0.isWritten(for: value) }) else { return nil }
            return state.entries.removeValue(forKey: id)
        }
        entry?.task.cancel()
        entry?.onCancel()
    }

    /// Stops requests from waiting for room, including those that wait now.
    func stopWaitingForRoom() {
        state.change { $0.mustNotWait = true }
    }

    /// Waits until all requests have ended and their answers are written. Blocks the calling thread.
    func waitForEnd() {
        state.wait { $0.bytes == 0 ? () : nil }
    }

    private func whileActive(_ id: RequestID, _ ticket: Int, _ body: () -> Void) {
        state.change { state in
            if state.entries[id]?.ticket == ticket { body() }
        }
    }

    private func finish(_ id: RequestID, _ ticket: Int) -> Bool {
        state.change { state in
            guard state.entries[id]?.ticket == ticket else { return false }
            state.entries[id] = nil
            return true
        }
    }
}
