/// How signs are written where they are escaped: in URLs, JSON, HTML and Python.
enum SignEscape {
    /// `@`.
    static let all = ["%40", #"\u0040"#, "&#64;"].map { Array($0.utf8) }

    /// The spaces and hyphens that don't break lines, and dashes.
    private static let separators = [
        #"\xa0"#, #"\u00a0"#, #"\u2009"#, #"\u202f"#, #"\u2010"#, #"\u2011"#, #"\u2012"#, #"\u2013"#,
    ].map { Array($0.utf8) }

    /// Returns the length of the escape of a sign between groups of digits that starts at a backslash; 0 if none does.
    static func lengthOfSeparator(_ text: ScannedText, _ place: Int) -> Int {
        for escape in separators {
            var length = 1
            // Letters among the digits may be capitals.
            while length < escape.count, text[place + length].lowercased == escape[length] { length += 1 }
            if length == escape.count { return length }
        }
        return 0
    }
}
