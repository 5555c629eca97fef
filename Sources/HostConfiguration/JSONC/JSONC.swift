public import JSON

/// Parses JSON as people and editors write it in configuration files.
public enum JSONC {
    /// Parses a text that may have comments, trailing commas and a byte order mark.
    ///
    /// - Returns: `nil` if there is only white space and comments.
    /// - Throws: ``ConfigurationError`` with the line that can't be parsed.
    public static func parse(_ bytes: [UInt8]) throws(ConfigurationError) -> JSON? {
        try parse(bytes) { _, _ in }
    }

    /// Parses such a text in which an object may repeat a member. The last one counts, as it does for the hosts.
    ///
    /// - Parameter repeated: receives the names of repeated members.
    /// - Throws: ``ConfigurationError`` with the line that can't be parsed.
    static func parse(_ bytes: [UInt8], repeated: inout [String]) throws(ConfigurationError) -> JSON? {
        try parse(bytes) { scanner, value in scanner.leaveOut(Self.repeated(in: value, &repeated)) }
    }

    private static func parse(
        _ bytes: [UInt8], _ change: (inout JSONCScanner, JSONCValue) -> Void
    ) throws(ConfigurationError) -> JSON? {
        var scanner = JSONCScanner(TextLayout(bytes))
        do throws(EditError) {
            guard let value = try scanner.document() else { return nil }
            change(&scanner, value)
            return try read(scanner.bare(value.range))
        } catch {
            throw ConfigurationError((error.line.map { "line \($0): " } ?? "") + error.reason)
        }
    }

    /// Returns the ranges, including commas, of members that are repeated later in their object.
    private static func repeated(in value: JSONCValue, _ names: inout [String]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var seen: Set<String> = []
        for member in (value.members ?? []).reversed() {
            if let name = member.name, !seen.insert(name).inserted, let comma = member.comma {
                names.append(name)
                ranges.append(member.key.lowerBound..<(comma + 1))
            } else {
                ranges += repeated(in: member.value, &names)
            }
        }
        return ranges
    }

    private static func read(_ text: [UInt8]) throws(EditError) -> JSON {
        do {
            return try JSON.parse(text, .lenient)
        } catch {
            // The position is omitted: it refers to the text without comments, which the user never sees.
            throw EditError(error.reason)
        }
    }
}
