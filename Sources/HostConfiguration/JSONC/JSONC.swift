public import JSON

/// JSON as people and editors write it into configuration files.
public enum JSONC {
    /// Reads a text with comments, a comma behind the last member or element, and a byte order mark in front.
    ///
    /// - Returns: `nil` where there is nothing but white space and comments.
    /// - Throws: ``ConfigurationError`` with the line of what cannot be read.
    public static func parse(_ bytes: [UInt8]) throws(ConfigurationError) -> JSON? {
        var scanner = JSONCScanner(Layout(bytes))
        do throws(NotEditable) {
            guard let value = try scanner.document() else { return nil }
            return try read(scanner.bare(value.range))
        } catch {
            throw ConfigurationError((error.line.map { "line \($0): " } ?? "") + error.reason)
        }
    }

    private static func read(_ text: [UInt8]) throws(NotEditable) -> JSON {
        do {
            return try JSON.parse(text, .lenient)
        } catch {
            // Its place is one in the text without comments, which nobody sees.
            throw NotEditable(error.reason)
        }
    }
}
