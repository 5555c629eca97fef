import Threading

/// One answer on its way from the task that makes it to the thread that sends it.
///
/// The task may be ahead of the client by ``highWater`` bytes; then it waits.
final class ResponseStream: Sendable {
    /// What becomes of the connection after the answer.
    enum End: Sendable, Equatable {
        case keepAlive
        case close
        /// The answer is not whole: the connection must end without its end.
        case abort
    }

    static let highWater = 64 * 1024

    private struct State {
        var pieces: [[UInt8]] = []
        /// Bytes that the system has not taken yet, whether they are here or with the thread.
        var unsent = 0
        var end: End?
        var isClosed = false
        var mustClose = false
        var waiters = WaiterQueue()
    }

    private let state = Locked(State())
    private let notify: @Sendable () -> Void

    /// - Parameter notify: tells the thread that there is something to send.
    init(notify: @escaping @Sendable () -> Void) {
        self.notify = notify
    }

    /// Whether the connection ends with this answer, for a reason that came up after its request.
    var mustClose: Bool { state.withLock { $0.mustClose } }

    // MARK: - The task's side

    /// Hands over bytes without waiting.
    ///
    /// - Throws: ``ConnectionClosedError`` when nobody takes them any more.
    func queue(_ bytes: [UInt8]) throws(ConnectionClosedError) {
        try state.withLock { state throws(ConnectionClosedError) in
            guard !state.isClosed, state.end == nil else { throw ConnectionClosedError() }
            state.pieces.append(bytes)
            state.unsent += bytes.count
        }
        notify()
    }

    /// Waits until the client has taken so much that more may come.
    ///
    /// - Throws: ``ConnectionClosedError``, or `CancellationError`.
    func waitForRoom() async throws {
        try await state.wait(in: \.waiters) { state in
            guard !state.isClosed else { throw ConnectionClosedError() }
            return state.unsent <= Self.highWater
        }
    }

    /// Says that the answer is complete.
    func finish(_ end: End) {
        state.withLock { if $0.end == nil { $0.end = end } }
        notify()
    }

    // MARK: - The thread's side

    /// Takes what is to be sent.
    func takePieces() -> [[UInt8]] {
        state.withLock { state in
            defer { state.pieces = [] }
            return state.pieces
        }
    }

    /// What becomes of the connection; `nil` while more of the answer is to come, or to be taken.
    var finalEnd: End? { state.withLock { $0.pieces.isEmpty ? $0.end : nil } }

    /// Counts what the system has taken, and lets the task go on.
    func didSend(_ count: Int) {
        resume { state in
            state.unsent -= count
            return state.unsent <= Self.highWater
        }
    }

    /// The connection ends after this answer.
    func closeAfterwards() {
        state.withLock { $0.mustClose = true }
    }

    /// Nothing is sent any more: the connection is gone.
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

/// The client is gone, or the answer has ended: nothing more can be sent.
public struct ConnectionClosedError: Error, Sendable, Equatable {}
