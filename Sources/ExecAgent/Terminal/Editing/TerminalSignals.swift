import SystemCalls
import Threading

/// The signals by which a terminal and a shell say that the screen changes hands or size.
enum TerminalSignals {
    /// What they ask of whoever has changed the terminal.
    protocol Receiver: Sendable {
        /// The terminal is to be as it was before this returns: the program is going to stop or to end.
        func giveBack()
        /// The terminal may be taken again, and may look otherwise.
        func takeAgain()
        /// The terminal has another size.
        func resize()
    }

    private static let numbers = [SIGTSTP, SIGCONT, SIGWINCH, SIGQUIT]

    /// Keeps the signals until somebody listens. To be called before anything has started a thread.
    static func block() {
        var signals = set(numbers)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // Systems may drop signals that nothing would come of. This is never called.
        for number in [SIGCONT, SIGWINCH] { signal(number) { _ in } }
    }

    /// Starts a thread that tells `receiver` of them.
    ///
    /// - Throws: ``ThreadError``.
    static func tell(_ receiver: any Receiver) throws(ThreadError) {
        try BackgroundThread.start("term-signals") {
            var (signals, number) = (set(numbers), Int32(0))
            while true {
                guard sigwait(&signals, &number) == 0 else { continue }
                switch number {
                case SIGWINCH: receiver.resize()
                case SIGCONT: receiver.takeAgain()
                default:
                    receiver.giveBack()
                    letHappen(number)
                    // What made the program go on came with it: the terminal is to be taken once.
                    dropPending(SIGCONT)
                    receiver.takeAgain()
                }
            }
        }
    }

    /// Lets the calling thread have the signal, which stops or ends the program. Goes on when the program does.
    private static func letHappen(_ number: Int32) {
        var signals = set([number])
        // The language's runtime may have one that shows where the program is, and goes on.
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
        // Made in place: the headers of libcurl declare the type as well, and its initialiser would be theirs.
        let signals = UnsafeMutablePointer<sigset_t>.allocate(capacity: 1)
        defer { signals.deallocate() }
        sigemptyset(signals)
        for number in numbers { sigaddset(signals, number) }
        return signals.pointee
    }
}
