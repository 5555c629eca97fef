import Threading

/// A bounded queue for a response's events, filled by one thread and read by tasks.
///
/// Provides backpressure: the writer is notified when the queue is full, and the reader when to request more.
final class TransferMailbox: Sendable {
    /// The result of adding bytes.
    enum Acceptance: Sendable, Equatable {
        case accepted
        /// The bytes were rejected. They can be added again once ``next(onRoom:)`` requests more.
        case full
        /// Nobody is reading anymore.
        case closed
    }

    private struct State {
        var events: [TransportEvent] = []
        /// Total size of the bytes in `events`.
        var size = 0
        /// Whether bytes were rejected.
        var isFull = false
        /// How the response ended, reported after all events are read.
        var end: Result<Void, TransportError>?
        var readers: [Promise<TransportEvent?>] = []
    }

    /// Size in bytes at which further bytes are rejected.
    private let limit: Int
    private let state = Locked(State())

    /// Creates an empty mailbox.
    ///
    /// - Parameter limit: the number of unread bytes at which it is full.
    init(limit: Int) {
        self.limit = limit
    }

    /// Adds the response's head.
    func put(_ head: UpstreamResponseHead) {
        let reader: Promise<TransportEvent?>? = state.withLock { state in
            guard state.end == nil else { return nil }
            if let reader = state.readers.popLast() { return reader }
            state.events.append(.head(head))
            return nil
        }
        reader?.resume(returning: .head(head))
    }

    /// Adds bytes of the body.
    func put(_ bytes: UnsafeBufferPointer<UInt8>) -> Acceptance {
        let (acceptance, reader): (Acceptance, Promise<TransportEvent?>?) = state.withLock { state in
            guard state.end == nil else { return (.closed, nil) }
            if let reader = state.readers.popLast() { return (.accepted, reader) }
            guard state.size < limit else {
                state.isFull = true
                return (.full, nil)
            }
            state.size += bytes.count
            // Small pieces are coalesced, so a slow reader receives larger ones.
            if case .bytes(var unread) = state.events.last {
                state.events.removeLast()
                unread += bytes
                state.events.append(.bytes(unread))
            } else {
                state.events.append(.bytes(Array(bytes)))
            }
            return (.accepted, nil)
        }
        reader?.resume(returning: .bytes(Array(bytes)))
        return acceptance
    }

    /// Ends the response. Events added before are still delivered. Only the first call has an effect.
    func end(_ error: TransportError?) {
        end(error, forgettingUnread: false)
    }

    /// Stops reading.
    func close() {
        end(nil, forgettingUnread: true)
    }

    private func end(_ error: TransportError?, forgettingUnread: Bool) {
        let (end, readers) = state.withLock { state in
            let end = state.end ?? (error.map { .failure($0) } ?? .success(()))
            state.end = end
            if forgettingUnread {
                state.events = []
                state.size = 0
            }
            defer { state.readers = [] }
            return (end, state.readers)
        }
        for reader in readers { reader.resume(with: end.map { nil }.mapError { $0 }) }
    }

    /// Removes and returns the next event, waiting for it if necessary.
    ///
    /// - Parameter onRoom: called if bytes were rejected and there is room for them now.
    /// - Returns: `nil` at the end, or if the task is cancelled.
    /// - Throws: ``TransportError``.
    func next(onRoom: () -> Void) async throws -> TransportEvent? {
        try await withTaskCancellationHandler {
            var hadNoRoom = false
            let event = try await withPromise { reader in
                let outcome: Result<TransportEvent?, any Error>? = state.withLock { state in
                    guard state.events.isEmpty else {
                        let event = state.events.removeFirst()
                        if case .bytes(let bytes) = event { state.size -= bytes.count }
                        hadNoRoom = state.isFull
                        state.isFull = false
                        return .success(event)
                    }
                    guard let end = state.end else {
                        state.readers.append(reader)
                        return nil
                    }
                    return end.map { nil }.mapError { $0 }
                }
                if let outcome { reader.resume(with: outcome) }
            }
            if hadNoRoom { onRoom() }
            return event
        } onCancel: {
            close()
        }
    }
}
