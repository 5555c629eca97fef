import SystemCalls
import Threading

/// How a terminal hands over what is typed: each key at once and unshown, Ctrl-C and Ctrl-Z among them, while lines are
/// edited here; as it did before otherwise.
final class TerminalMode: Sendable {
    private static let pastesMarked = "\u{1B}[?2004h"
    private static let pastesPlain = "\u{1B}[?2004l"

    private let input: Int32
    private let output: Int32
    private let before: termios
    private let isOurs = Locked(false)

    /// - Returns: `nil` where `input` is no terminal.
    init?(input: Int32, output: Int32) {
        var before = termios()
        guard tcgetattr(input, &before) == 0 else { return nil }
        (self.input, self.output, self.before) = (input, output, before)
    }

    /// Makes the terminal hand over keys. Where the program is in the background, nothing happens: it would be stopped.
    ///
    /// - Returns: whether it does.
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

    /// Makes the terminal as it was.
    func end() {
        isOurs.withLock { isOurs in
            guard isOurs, isInForeground else { return }
            isOurs = false
            var before = before
            _ = Descriptors.write(Array(Self.pastesPlain.utf8), to: output)
            // What is typed from here on is for whoever reads next.
            tcsetattr(input, TCSANOW, &before)
        }
    }

    /// Where there are no jobs, everything is in the foreground.
    private var isInForeground: Bool {
        let group = tcgetpgrp(input)
        return group < 0 || group == getpgrp()
    }
}
