import Threading

/// Passes one response from the task that produces it to the event loop that sends it, with back-pressure.
///
/// The task may run ahead of the client by ``highWater`` bytes; beyond that it waits.
final class ResponseStream: Sendable {
    /// What happens to the connection after the response.
    enum End: Sendable, Equatable {
        case keepAlive
        case close
        /// The response is incomplete: the connection must close without terminating it.
        case abort
    }

    static let highWater = 64 * 1024

    private struct State {
        var pieces: [[UInt8]] = []
        /// Bytes that the kernel has not accepted yet, whether they are here or in the event loop's ``OutputQueue``.
        var unsent = 0
        var end: End?
        var isClosed = false
        var mustClose = false
        var isBetweenChunks = false
        var waiters = WaiterQueue()
    }

    private let state = Locked(State())
    private let notify: @Sendable () -> Void

    /// - Parameter notify: notifies the event loop that there is something to send.
    init(notify: @escaping @Sendable () -> Void) {
        self.notify = notify
    }

    /// Whether the connection closes after this response, for a reason that came up after the request was parsed.
    var mustClose: Bool { state.withLock { $0.mustClose } }

    // MARK: - Producer side (task)

    /// Queues bytes without waiting.
    ///
    /// - Throws: ``ConnectionClosedError`` if the connection is closed or the response is finished.
    func queue(_ bytes: [UInt8]) throws(ConnectionClosedError) {
        try state.withLock { state throws(ConnectionClosedError) in
            guard !state.isClosed, state.end == nil else { throw ConnectionClosedError() }
            state.pieces.append(bytes)
            state.unsent += bytes.count
        }
        notify()
    }

    /// Begins or ends a chunked body: while it lasts, every queued piece is whole chunks, or the head before them.
    func setChunked(_ isChunked: Bool) {
        state.withLock { $0.isBetweenChunks = isChunked }
    }

    /// Waits until at most ``highWater`` bytes are unsent.
    ///
    /// - Throws: ``ConnectionClosedError``, or `CancellationError`.
    func waitForRoom() async throws {
        try await state.wait(in: \.waiters) { state in
            guard !state.isClosed else { throw ConnectionClosedError() }
            return state.unsent <= Self.highWater
        }
    }

    /// Marks the response as finished. Only the first call has an effect.
    func finish(_ end: End) {
        state.withLock { if $0.end == nil { $0.end = end } }
        notify()
    }

    // MARK: - Consumer side (event loop)

    /// Removes and returns the queued pieces.
    func drainPieces() -> [[UInt8]] {
        state.withLock { state in
            defer { state.pieces = [] }
            return state.pieces
        }
    }

    /// What happens to the connection; `nil` until the response is finished and all its pieces are removed.
    var finalEnd: End? { state.withLock { $0.pieces.isEmpty ? $0.end : nil } }

    /// Whether the pieces so far end between two chunks of a body.
    var isBetweenChunks: Bool { state.withLock { $0.isBetweenChunks } }

    /// Records that the kernel accepted `count` bytes, and resumes the task if there is room again.
    func didSend(_ count: Int) {
        resume { state in
            state.unsent -= count
            return state.unsent <= Self.highWater
        }
    }

    /// Makes the connection close after this response.
    func closeAfterwards() {
        state.withLock { $0.mustClose = true }
    }

    /// Discards everything unsent: the connection is gone.
    func close() {
        resume { state in
            state.isClosed = true
            state.pieces = []
            return true
        }
    }

    private func resume(_ change: (inout State) -> Bool) {
        let (waiters, isClosed) = state.withLock { state in
            (change(&state) ? state.waiters.removeAll() : [], state.isClosed)
        }
        for waiter in waiters {
            if isClosed { waiter.resume(throwing: ConnectionClosedError()) } else { waiter.resume() }
        }
    }
}

/// The client is gone or the response is finished: nothing more can be sent.
public struct ConnectionClosedError: Error, Sendable, Equatable {}
