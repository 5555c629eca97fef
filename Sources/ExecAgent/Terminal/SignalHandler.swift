import SystemCalls
import Threading

/// The signals that ask the program to end. Ctrl-C ends a run first, and the program only when there is none or when it
/// comes again; the others end the program. One more while it is ending ends it at once.
final class SignalHandler: Sendable {
    private struct State {
        /// Ends the run under way.
        var cancelRun: (@Sendable () -> Void)?
        /// Ends the program.
        var leave: (@Sendable () -> Void)?
        /// The signal that ends the program.
        var ending: Int32?
        /// The exit status of a program that cannot go on.
        var failure: Int32?
        /// What has to be done before the program ends at once.
        var beforeEnd: (@Sendable () -> Void)?
    }

    private let state = Locked(State())

    /// The signal that ends the program; `nil` where there was none.
    var endingSignal: Int32? { state.withLock { $0.ending } }

    /// One that hears the signals. To be made before anything else has started a thread.
    ///
    /// - Parameter takesQuit: whether SIGQUIT ends the program as SIGTERM does; else the system does what it does with it.
    /// - Throws: ``ThreadError``.
    static func listening(takesQuit: Bool = true) throws(ThreadError) -> SignalHandler {
        let interrupts = SignalHandler()
        ShutdownSignals.block(takesQuit: takesQuit)
        try ShutdownSignals.forEach(takesQuit: takesQuit, interrupts.receive)
        return interrupts
    }

    /// Runs `work`, which the signals cancel, in a task, and waits for its end. Blocks the calling thread.
    ///
    /// - Returns: the exit status: that of `work`, that of ``fail(_:)``, or 128 and the signal's number, as shells have it.
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
        // A signal may have come before there was anything to end.
        if wasEnded { state.withLock { $0.leave }?() }
        let status = outcome.wait { $0 }
        return endingSignal.map { 128 + $0 } ?? state.withLock { $0.failure } ?? status
    }

    /// Runs `work` as what Ctrl-C ends first.
    ///
    /// - Throws: what `work` throws, which is `CancellationError` when it was ended.
    func interruptible<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let task = state.withLock { state in
            // Under the lock, so that there is no moment at which it runs and cannot be ended.
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

    /// Ends the program, which cannot go on, with this exit status. Unlike a signal it may come again.
    func fail(_ status: Int32) {
        let leave = state.withLock { state in
            state.failure = state.failure ?? status
            return state.leave
        }
        leave?()
    }

    /// Has something done first where a signal ends the program at once.
    func beforeEnd(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.beforeEnd = work }
    }

    func receive(_ number: Int32) {
        let (cancelRun, isEnding, beforeEnd) = state.withLock { state in
            defer { if number == SIGINT { state.cancelRun = nil } }
            return (number == SIGINT ? state.cancelRun : nil, state.ending != nil, state.beforeEnd)
        }
        // The pipes to the servers close with the process, and the servers end with their pipes.
        if isEnding {
            beforeEnd?()
            _exit(128 + number)
        }
        if let cancelRun { cancelRun() } else { leave(number) }
    }
}
