#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The signals that ask a program to shut down: SIGINT, SIGTERM, and SIGHUP unless it was ignored when the program
/// started, as under `nohup`.
///
/// They are blocked and waited for instead of handled: a signal that arrives before anyone waits stays pending, so
/// none is lost, however early it arrives.
public enum ShutdownSignals {
    /// Keeps the signals from ending the process. Call it before any thread is started: threads inherit the mask.
    /// Child processes get a mask of their own.
    ///
    /// - Parameter takesQuit: whether to include SIGQUIT, unless it is ignored.
    public static func block(handlesQuit: Bool = false) {
        var signals = set(handlesQuit)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    /// Starts a thread that calls `body` with each signal that arrives, starting with those since
    /// ``block(takesQuit:)``.
    ///
    /// - Parameter takesQuit: the value passed to ``block(takesQuit:)``.
    /// - Throws: ``ThreadError``.
    public static func forEach(
        handlesQuit: Bool = false, _ body: @escaping @Sendable (Int32) -> Void
    ) throws(ThreadError) {
        try BackgroundThread.start("signals") {
            var (signals, number) = (set(handlesQuit), Int32(0))
            while true {
                if sigwait(&signals, &number) == 0 { body(number) }
            }
        }
    }

    private static func set(_ handlesQuit: Bool) -> sigset_t {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        for number in [SIGHUP] + (handlesQuit ? [SIGQUIT] : []) where !isIgnored(number) { sigaddset(&signals, number) }
        return signals
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        #if canImport(Glibc)
            let handler = action.__sigaction_handler.sa_handler
        #else
            let handler = action.__sigaction_u.__sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
