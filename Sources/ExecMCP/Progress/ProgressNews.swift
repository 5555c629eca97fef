/// Progress that hasn't been sent yet: at most one line, and whether a sign of life is due.
///
/// The two are kept apart, so that a sign of life never replaces a line.
struct ProgressNews: Sendable {
    private var line: String?
    private var isSilent = false
    private var newest = ""

    /// Adds a line from the work. It replaces one that hasn't been sent.
    mutating func add(_ text: String) {
        (line, newest) = (text, text)
    }

    /// Records that a sign of life is due after a long silence.
    mutating func noteSilence() {
        isSilent = true
    }

    /// Removes and returns the text to send: the line, otherwise a sign of life that quotes the newest line.
    ///
    /// - Parameter seconds: how long the call has been running.
    /// - Returns: `nil` if nothing is due.
    mutating func take(afterRunningFor seconds: Int64) -> String? {
        defer { (line, isSilent) = (nil, false) }
        if let line { return line }
        return isSilent ? "Running for \(seconds) s" + (newest.isEmpty ? "" : ": \(newest)") : nil
    }
}
