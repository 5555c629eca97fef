extension ExecError {
    /// The error of a sandbox that has given no sign of life for too long.
    static func silence(of seconds: Int, isEngineLocal: Bool) -> ExecError {
        let cause =
            isEngineLocal
            ? "it hangs, or the engine does. Files in a persistent /workspace are still there."
            : """
            the connection to the engine is broken, or the engine or its machine hangs. What runs in the sandbox ends \
            by itself within that time; files in a persistent /workspace are still there. Check the connection to the \
            engine (exec-mcp doctor).
            """
        return ExecError(
            .sandboxEnded,
            """
            The sandbox gave no sign of life for \(seconds) seconds and was given up: \(cause) The next call starts a new \
            one.
            """)
    }

    /// The error of a sandbox whose sealed channel brought what its guest has not sent.
    static func brokenSeal(engine: String) -> ExecError {
        ExecError(
            .sandboxEnded,
            """
            The sandbox was ended because the seal of its channel was broken: on the way from the sandbox to this server, \
            something was changed, repeated, left out or added. It was not used. Code in the sandbox cannot do that; \
            something in between has: someone who is attached to the same container or pod, a proxy, or a wrapper of \
            \(engine). Find out what has access to that connection. The next call starts a new sandbox with a new key; \
            files in a persistent /workspace are still there.
            """)
    }

    /// The error of a sandbox whose channel was closed by neither end.
    static func cutOff(engine: String) -> ExecError {
        ExecError(
            .sandboxEnded,
            """
            The connection to the sandbox was cut: \(engine) ended as if all were well (exit status 0), but the sandbox \
            had not ended by itself. Something between this server and the sandbox closed it: a restart of the engine, \
            a proxy, a limit on the time of connections. Its processes are gone; files in a persistent /workspace are \
            still there. The next call starts a new sandbox; if that happens again, look at what is in between.
            """)
    }
}
