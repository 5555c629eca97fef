import SystemCalls
import Threading

/// Signals for job control and for changes of the terminal's size.
enum TerminalSignals {
    /// Reacts to the signals on behalf of the owner of the terminal.
    protocol Receiver: Sendable {
        /// The program is about to stop or end: the terminal must be restored before this returns.
        func releaseTerminal()
        /// The program continues: the terminal may be acquired again, and its content may have changed.
        func reclaimTerminal()
        /// The terminal's size has changed.
        func resize()
    }

    private static let numbers = [SIGTSTP, SIGCONT, SIGWINCH, SIGQUIT]

    /// Blocks the signals until a receiver is set. Must be called before any thread is started.
    static func block() {
        var signals = set(numbers)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // Systems may discard signals whose default action is to ignore them. These handlers are never called.
        for number in [SIGCONT, SIGWINCH] { signal(number) { _ in } }
    }

    /// Starts a thread that notifies `receiver` of the signals.
    ///
    /// - Throws: ``ThreadError``.
    static func notify(_ receiver: any Receiver) throws(ThreadError) {
        try BackgroundThread.start("term-signals") {
            var (signals, number) = (set(numbers), Int32(0))
            while true {
                guard sigwait(&signals, &number) == 0 else { continue }
                switch number {
                case SIGWINCH: receiver.resize()
                case SIGCONT: receiver.reclaimTerminal()
                default:
                    receiver.releaseTerminal()
                    performDefaultAction(number)
                    // The SIGCONT that resumed the program is still pending: drop it, so that the terminal is acquired
                    // only once.
                    dropPending(SIGCONT)
                    receiver.reclaimTerminal()
                }
            }
        }
    }

    /// Delivers a signal to the calling thread, which stops or ends the program. Returns when the program continues.
    private static func performDefaultAction(_ number: Int32) {
        var signals = set([number])
        // Swift's runtime may have a handler that only prints a backtrace and continues.
        if number == SIGQUIT { signal(number, SIG_DFL) }
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        pthread_kill(pthread_self(), number)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private static func dropPending(_ number: Int32) {
        var (pending, signals, received) = (set([]), set([number]), Int32(0))
        if sigpending(&pending) == 0, sigismember(&pending, number) == 1 { sigwait(&signals, &received) }
    }

    private static func set(_ numbers: [Int32]) -> sigset_t {
        // Allocated explicitly: libcurl's headers declare the type as well, and its initializer would be theirs.
        let signals = UnsafeMutablePointer<sigset_t>.allocate(capacity: 1)
        defer { signals.deallocate() }
        sigemptyset(signals)
        for number in numbers { sigaddset(signals, number) }
        return signals.pointee
    }
}
