public import Diagnostics

/// Parsers for option values that several programs share.
public enum OptionValue {
    /// Parses a non-negative decimal integer; `nil` for anything but digits, or if out of `range`.
    public static func wholeNumber(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text), range.contains(number) else {
            return nil
        }
        return number
    }

    /// Whether `text` is a name that no program can mistake for an option: ASCII letters, digits and `extra`
    /// characters, starting with a letter or digit.
    ///
    /// - Parameter limit: the maximum length in bytes.
    public static func isName(_ text: String, extra: String, limit: Int) -> Bool {
        guard let first = text.first, text.utf8.count <= limit, first.isASCII, first.isLetter || first.isNumber else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || extra.contains($0)) }
    }
}

extension OptionDescription {
    /// The option `--log-level`.
    ///
    /// - Parameters:
    ///   - variable: the equivalent environment variable.
    ///   - fallback: the default, for the help.
    ///   - apply: sets the level.
    public static func logLevel(
        variable: String, fallback: String, apply: @escaping @Sendable (LogLevel, inout Settings) -> Void
    ) -> OptionDescription {
        OptionDescription(
            flag: "--log-level", variable: variable, placeholder: "LEVEL", help: "least severe line logged to stderr",
            fallback: fallback, accepts: LogLevel.allCases.map(\.name).joined(separator: ", ")
        ) { value, settings in
            guard let level = LogLevel(name: value) else { return false }
            apply(level, &settings)
            return true
        }
    }
}
