import Diagnostics
import Threading

/// Hands the newest lines of a command to who asked for them, and none after the call.
final class ProgressSink: Sendable {
    /// The longest line, in bytes.
    private static let longestLine = 512

    private let report: @Sendable (String) -> Void
    private let isOpen = Locked(true)

    init(_ report: @escaping @Sendable (String) -> Void) {
        self.report = report
    }

    /// Hands on what the guest says is the newest line. It is no more to be trusted than the command.
    func deliver(_ payload: [UInt8]) {
        let line = TerminalText.line(payload, atMost: Self.longestLine)
        guard !line.isEmpty else { return }
        // Under the lock, so that a line that is being handed on while the call ends is waited for.
        isOpen.withLock { if $0 { report(line) } }
    }

    /// Nothing is handed on after this.
    func close() {
        isOpen.withLock { $0 = false }
    }
}
