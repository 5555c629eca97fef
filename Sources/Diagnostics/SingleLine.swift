extension String {
    /// Returns the text on one line without control characters, so that untrusted text can't control a terminal or
    /// forge a log line. Text beyond `limit` Unicode scalars is cut.
    public func singleLine(limit: Int) -> String {
        var line = ""
        for scalar in unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                line.append(scalar == "\n" || scalar == "\t" ? " " : "\u{FFFD}")
            default:
                line.unicodeScalars.append(scalar)
            }
        }
        return unicodeScalars.dropFirst(limit).isEmpty ? line : line + "…"
    }
}
