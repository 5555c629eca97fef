import SystemCalls
import Threading

/// Switches a terminal between raw mode (each key at once, without echo, including Ctrl-C and Ctrl-Z), used while
/// lines are edited, and its previous mode.
final class TerminalMode: Sendable {
    private static let pastesMarked = "\u{1B}[?2004h"
    private static let pastesPlain = "\u{1B}[?2004l"

    private let input: Int32
    private let output: Int32
    private let before: termios
    private let isOurs = Locked(false)

    /// - Returns: `nil` if `input` isn't a terminal.
    init?(input: Int32, output: Int32) {
        var before = termios()
        guard tcgetattr(input, &before) == 0 else { return nil }
        (self.input, self.output, self.before) = (input, output, before)
    }

    /// Switches to raw mode. Does nothing in the background, where the call would stop the program.
    ///
    /// - Returns: whether raw mode is on.
    @discardableResult
    func begin() -> Bool {
        isOurs.withLock { isOurs in
            guard isInForeground else { return false }
            var raw = before
            raw.c_iflag &= ~tcflag_t(ICRNL | INLCR | IGNCR | IXON | ISTRIP)
            raw.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN | ISIG)
            withUnsafeMutableBytes(of: &raw.c_cc) { characters in
                characters[Int(VMIN)] = 1
                characters[Int(VTIME)] = 0
            }
            guard tcsetattr(input, TCSADRAIN, &raw) == 0 else { return false }
            isOurs = true
            _ = Descriptors.write(Array(Self.pastesMarked.utf8), to: output)
            return true
        }
    }

    /// Restores the previous mode.
    func end() {
        isOurs.withLock { isOurs in
            guard isOurs, isInForeground else { return }
            isOurs = false
            var before = before
            _ = Descriptors.write(Array(Self.pastesPlain.utf8), to: output)
            // At once: what is typed from here on belongs to the next reader.
            tcsetattr(input, TCSANOW, &before)
        }
    }

    /// Without job control, every process is in the foreground.
    private var isInForeground: Bool {
        let group = tcgetpgrp(input)
        return group < 0 || group == getpgrp()
    }
}
