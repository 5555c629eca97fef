import Diagnostics
import Threading

/// Forwards a command's newest output lines to the caller, and none after the call has ended.
final class ProgressSink: Sendable {
    /// Maximum length of a line, in bytes.
    private static let maxLineLength = 512

    private let report: @Sendable (String) -> Void
    private let isOpen = Locked(true)

    init(_ report: @escaping @Sendable (String) -> Void) {
        self.report = report
    }

    /// Forwards the line that the guest reports as the newest. It is as untrusted as the command's output.
    func deliver(_ payload: [UInt8]) {
        forward(TerminalText.line(payload, atMost: Self.maxLineLength))
    }

    /// Forwards a line of the server's own, with untrusted words in it.
    @Sendable func forwardText(_ text: String) {
        forward(TerminalText.line(Array(text.utf8), atMost: Self.maxLineLength))
    }

    private func forward(_ line: String) {
        guard !line.isEmpty else { return }
        // Under the lock, so that `close()` waits for a line that is being delivered.
        isOpen.withLock { if $0 { report(line) } }
    }

    /// Stops forwarding. No line is delivered after this returns.
    func close() {
        isOpen.withLock { $0 = false }
    }
}
