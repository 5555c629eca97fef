import Diagnostics
import SystemCalls
import Threading

/// Work that a person waits for and can interrupt.
enum Foreground {
    /// The exit status of interrupted work, the one that shells use for Ctrl-C.
    static let interruptedStatus: Int32 = 130

    /// Runs `work` and waits for its end. Ctrl-C and the other usual signals cancel it; a second one ends the process.
    ///
    /// - Parameter lifeline: a descriptor whose end cancels it too; `nil` for none.
    /// - Returns: the exit status of `work`; ``interruptedStatus`` if it was interrupted.
    static func run(until lifeline: Int32? = nil, _ work: @escaping @Sendable () async -> Int32) -> Int32 {
        ShutdownSignals.block()
        signal(SIGPIPE, SIG_IGN)
        let outcome = ConditionLocked<Int32?>(nil)
        let isInterrupted = Locked(false)
        let task = Task.detached {
            let status = await work()
            outcome.change { $0 = status }
        }
        do {
            if let lifeline {
                try BackgroundThread.start("lifeline") {
                    _ = Descriptors.readAll(from: lifeline, limit: 1 << 16)
                    task.cancel()
                }
            }
            try ShutdownSignals.forEach { _ in
                if isInterrupted.withLock({ wasInterrupted in
                    defer { wasInterrupted = true }
                    return wasInterrupted
                }) {
                    _exit(interruptedStatus)
                }
                task.cancel()
            }
        } catch {
            Logger.writeToStandardError("exec-mcp: \(error)\n")
            return 1
        }
        let status = outcome.wait { $0 }
        return isInterrupted.withLock { $0 } ? interruptedStatus : status
    }
}
