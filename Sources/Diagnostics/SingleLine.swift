extension String {
    /// The text on one line without control characters, so that nothing that came from elsewhere can drive a terminal
    /// or fake a log line; what is over `limit` characters is cut.
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
