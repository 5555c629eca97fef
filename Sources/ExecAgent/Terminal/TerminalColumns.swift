/// How much room text takes on a terminal.
enum TerminalColumns {
    /// The beginning of a line that fits into `width` columns. Characters that may be wide count as two: a line that is
    /// too short looks well, one that is too long does not.
    static func cut(_ line: String, to width: Int) -> String {
        var columns = 0
        var shown = ""
        for character in line {
            columns += character.unicodeScalars.allSatisfy { $0.value < 0x1100 } ? 1 : 2
            guard columns <= width else { return shown }
            shown.append(character)
        }
        return shown
    }
}
