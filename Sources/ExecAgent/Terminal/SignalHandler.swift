import SystemCalls
import Threading

/// Handles the signals that end the program. Ctrl-C first cancels the current run, and ends the program only if there
/// is none or if it is pressed again; the other signals end the program. A further signal during shutdown exits at
/// once.
final class SignalHandler: Sendable {
    private struct State {
        /// Cancels the current run.
        var cancelRun: (@Sendable () -> Void)?
        /// Ends the program.
        var leave: (@Sendable () -> Void)?
        /// The signal that ends the program.
        var ending: Int32?
        /// The exit status after a fatal error.
        var failure: Int32?
        /// Run before an immediate exit.
        var beforeEnd: [@Sendable () -> Void] = []
    }

    private let state = Locked(State())

    /// The signal that ends the program; `nil` if there was none.
    var endingSignal: Int32? { state.withLock { $0.ending } }

    /// Creates a handler that receives the signals. Must be called before any thread is started.
    ///
    /// - Parameter takesQuit: whether SIGQUIT ends the program like SIGTERM; otherwise it keeps its default action.
    /// - Throws: ``ThreadError``.
    static func listening(handlesQuit: Bool = true) throws(ThreadError) -> SignalHandler {
        let interrupts = SignalHandler()
        ShutdownSignals.block(handlesQuit: handlesQuit)
        try ShutdownSignals.forEach(handlesQuit: handlesQuit, interrupts.receive)
        return interrupts
    }

    /// Runs `work` in a task that the signals cancel, and waits for it to end. Blocks the calling thread.
    ///
    /// - Returns: the exit status: that of `work`, that of ``fail(_:)``, or 128 plus the signal number, as in shells.
    func run(_ work: @escaping @Sendable () async -> Int32) -> Int32 {
        let outcome = ConditionLocked<Int32?>(nil)
        let wasEnded = state.withLock { state in
            let task = Task.detached {
                let status = await work()
                outcome.change { $0 = status }
            }
            state.leave = { task.cancel() }
            return state.ending != nil || state.failure != nil
        }
        // A signal may have arrived before there was anything to cancel.
        if wasEnded { state.withLock { $0.leave }?() }
        let status = outcome.wait { $0 }
        return endingSignal.map { 128 + $0 } ?? state.withLock { $0.failure } ?? status
    }

    /// Runs `work` so that Ctrl-C cancels it first.
    ///
    /// - Throws: what `work` throws; `CancellationError` if it was cancelled.
    func interruptible<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = state.withLock { state in
            // Under the lock, so that it never runs without being cancellable.
            let task = Task { try await work() }
            state.cancelRun = { task.cancel() }
            return task
        }
        defer { state.withLock { $0.cancelRun = nil } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Ends the program as a signal would.
    func leave(_ number: Int32) {
        let leave = state.withLock { state in
            state.ending = state.ending ?? number
            return state.leave
        }
        leave?()
    }

    /// Ends the program with this exit status after a fatal error. Unlike a signal, a second call does not exit at
    /// once.
    func fail(_ status: Int32) {
        let leave = state.withLock { state in
            state.failure = state.failure ?? status
            return state.leave
        }
        leave?()
    }

    /// Adds what runs before a signal exits the program at once.
    func beforeEnd(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.beforeEnd.append(work) }
    }

    func receive(_ number: Int32) {
        let (cancelRun, isEnding, beforeEnd) = state.withLock { state in
            defer { if number == SIGINT { state.cancelRun = nil } }
            return (number == SIGINT ? state.cancelRun : nil, state.ending != nil, state.beforeEnd)
        }
        // The pipes to the servers close with the process, and the servers end with their pipes.
        if isEnding {
            for work in beforeEnd { work() }
            _exit(128 + number)
        }
        if let cancelRun { cancelRun() } else { leave(number) }
    }
}
