import ChildProcess
import Diagnostics

extension ExecError {
    /// The error for an engine that wrote something of its own to standard output, which is the sandbox's channel.
    ///
    /// - Parameter end: how the engine ended; `nil` while it runs.
    static func strayOutput(_ printed: [UInt8], engine: String, end: ExitStatus? = nil) -> ExecError {
        // A frame may follow the text.
        let line = printed.prefix(2400).split(separator: UInt8(ascii: "\n")).first.map { Array($0) } ?? []
        let text = String(decoding: line, as: UTF8.self).singleLine(limit: 200)
        return ExecError(
            .engineFailed,
            """
            The sandbox could not be started\(end.map { " (\($0))" } ?? ""). Instead of the sandbox's first bytes, the \
            engine's command line wrote: \(text) — standard output is the channel to the sandbox, so \(engine) (a \
            wrapper script?) must print nothing there; standard error is free. Or the image's python3 is a script \
            that prints.
            """)
    }
}
