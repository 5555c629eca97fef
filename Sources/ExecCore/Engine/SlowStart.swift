import Diagnostics

extension ExecError {
    /// The error of a sandbox that didn't start in time.
    ///
    /// - Parameter lastWords: what the engine's command line has said last; `nil` for nothing.
    static func slowStart(after seconds: Int, engine: any ContainerEngine, lastWords: String?) -> ExecError {
        guard engine.isLaunched else {
            return ExecError(
                .engineFailed,
                "The engine did not start the sandbox within \(seconds.counted("second")). Is it overloaded or hung?")
        }
        return ExecError(
            .engineFailed,
            """
            The sandbox did not start within \(seconds.counted("second")) (--start-timeout), and was given up. The last that its \
            launcher said: \(lastWords ?? "nothing"). If it waits in a queue, call again later, raise --start-timeout, or \
            have the launcher ask for less. Otherwise look for what the launcher waits for: it must pass all bytes on at \
            once (srun: --unbuffered).
            """)
    }
}
