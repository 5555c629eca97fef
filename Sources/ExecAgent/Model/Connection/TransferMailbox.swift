import Threading

/// What came of a request and nobody has read yet. One thread puts it in, tasks take it out.
///
/// It holds a bounded amount: the writer is told when it is full, and the reader then, when to ask for more.
final class TransferMailbox: Sendable {
    /// What has become of bytes that were put in.
    enum Acceptance: Sendable, Equatable {
        case accepted
        /// They were not taken. They are welcome again once ``next(onRoom:)`` has asked for more.
        case full
        /// Nobody reads any more.
        case closed
    }

    private struct State {
        var events: [TransportEvent] = []
        /// Bytes in `events`.
        var size = 0
        /// Whether bytes were turned away.
        var isFull = false
        /// How it ended, for the reader of all of it.
        var end: Result<Void, TransportError>?
        var readers: [Promise<TransportEvent?>] = []
    }

    /// Bytes beyond which no more are taken.
    private let limit: Int
    private let state = Locked(State())

    /// An empty one.
    ///
    /// - Parameter limit: how many unread bytes make it full.
    init(limit: Int) {
        self.limit = limit
    }

    /// Puts the head in.
    func put(_ head: ResponseHead) {
        let reader: Promise<TransportEvent?>? = state.withLock { state in
            guard state.end == nil else { return nil }
            if let reader = state.readers.popLast() { return reader }
            state.events.append(.head(head))
            return nil
        }
        reader?.resume(returning: .head(head))
    }

    /// Puts bytes of the body in.
    func put(_ bytes: UnsafeBufferPointer<UInt8>) -> Acceptance {
        let (acceptance, reader): (Acceptance, Promise<TransportEvent?>?) = state.withLock { state in
            guard state.end == nil else { return (.closed, nil) }
            if let reader = state.readers.popLast() { return (.accepted, reader) }
            guard state.size < limit else {
                state.isFull = true
                return (.full, nil)
            }
            state.size += bytes.count
            // Small pieces become one: whoever reads slowly gets more at a time.
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

    /// Says that nothing more comes. What was put in before is still read. Only the first end counts.
    func end(_ error: TransportError?) {
        end(error, forgettingUnread: false)
    }

    /// Says that nobody reads any more.
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

    /// Takes the next out, and waits for it where there is none.
    ///
    /// - Parameter onRoom: called when bytes were turned away before, and there is room for them now.
    /// - Returns: `nil` at the end, and where the task is cancelled.
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
