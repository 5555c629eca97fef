public import JSON

/// JSON as people and editors write it into configuration files.
public enum JSONC {
    /// Reads a text with comments, a comma behind the last member or element, and a byte order mark in front.
    ///
    /// - Returns: `nil` where there is nothing but white space and comments.
    /// - Throws: ``ConfigurationError`` with the line of what cannot be read.
    public static func parse(_ bytes: [UInt8]) throws(ConfigurationError) -> JSON? {
        try parse(bytes) { _, _ in }
    }

    /// Reads such a text in which a member may come twice in its object: the last counts, as it does for the hosts.
    ///
    /// - Parameter repeated: gets the names of these members.
    /// - Throws: ``ConfigurationError`` with the line of what cannot be read.
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

    /// Where members are behind which another one of the same name comes in their object, with their commas.
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
            // Its place is one in the text without comments, which nobody sees.
            throw EditError(error.reason)
        }
    }
}
