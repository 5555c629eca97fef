import JSON
import JSONRPC
import Threading

/// The requests that are being worked on, so that they can be cancelled and counted.
final class InFlightRequests: Sendable {
    /// How many requests may be worked on at once.
    static let maximumCount = 4096
    /// How many bytes of requests may be held at once.
    static let maximumBytes = 256 * 1024 * 1024

    /// One of them.
    struct InFlightRequest: Sendable {
        fileprivate let requests: InFlightRequests
        fileprivate let id: RequestID
        fileprivate let ticket: Int

        /// Ends the request.
        ///
        /// - Returns: whether its answer may still be sent.
        func finish() -> Bool { requests.finish(id, ticket) }

        /// Runs `body` unless the request has ended, which it cannot meanwhile. `body` must not block.
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
        /// Counts cancelled ones too, until their work has ended.
        var bytes = 0
        var mustNotWait = false
    }

    private let state = ConditionLocked(State())
    private let patience: Double

    /// - Parameter patience: how long a request is kept waiting for room, in seconds. Not for longer: what would make room
    ///   may be a cancellation, which cannot be read meanwhile.
    init(patience: Double = 10) {
        self.patience = patience
    }

    /// Starts `work` under `id`. Where there is no room for it, blocks the calling thread until there is, for a while.
    ///
    /// - Parameters:
    ///   - size: bytes that the request goes on holding in memory, at least 1.
    ///   - onCancel: called if the client cancels it; nothing is to be sent then.
    ///   - work: gets the request here.
    /// - Throws: the error for an id that is in use or too many requests.
    func start(
        _ id: RequestID, size: Int, onCancel: @escaping @Sendable () -> Void,
        _ work: @escaping @Sendable (InFlightRequest) async -> Void
    ) throws(RPCError) {
        let hasRoom = state.wait(seconds: patience) { state in
            if state.bytes == 0 || state.bytes + size <= Self.maximumBytes { return true }
            return state.mustNotWait ? false : nil
        }
        guard hasRoom == true else {
            throw .internalError(
                "Requests of \(Self.maximumBytes >> 20) MiB are being worked on; wait for answers or cancel some first."
            )
        }
        let refusal: RPCError? = state.change { state in
            guard state.entries[id] == nil else {
                return .invalidRequest("The id \(id) belongs to a request that is still being worked on.")
            }
            guard state.entries.count < Self.maximumCount else {
                return .internalError("\(Self.maximumCount) requests are being worked on; wait for answers first.")
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

    /// Cancels the request that `value` is the id of; an unknown one is passed over.
    func cancel(_ value: JSON?) {
        let entry: Entry? = state.change { state in
            if let id = RequestID(value), let entry = state.entries.removeValue(forKey: id) { return entry }
            guard let value, let id = state.entries.keys.first(where: { $0.isWritten(for: value) }) else { return nil }
            return state.entries.removeValue(forKey: id)
        }
        entry?.task.cancel()
        entry?.onCancel()
    }

    /// Keeps requests from waiting for room, now and from now on.
    func stopWaitingForRoom() {
        state.change { $0.mustNotWait = true }
    }

    /// Waits until all have ended and what they had to answer is written. Blocks the calling thread.
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
