public import Diagnostics

/// Kinds of values that options of several programs take.
public enum OptionValue {
    /// The number that `text` is; `nil` for anything but digits, and beyond `range`.
    public static func wholeNumber(_ text: String, in range: ClosedRange<Int>) -> Int? {
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(text), range.contains(number) else {
            return nil
        }
        return number
    }

    /// Whether `text` is a name that no program can take for an option: ASCII letters, digits and `extra` characters, the
    /// first a letter or digit.
    ///
    /// - Parameter limit: how many bytes it may have.
    public static func isName(_ text: String, extra: String, limit: Int) -> Bool {
        guard let first = text.first, text.utf8.count <= limit, first.isASCII, first.isLetter || first.isNumber else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || extra.contains($0)) }
    }
}

extension OptionDescription {
    /// `--log-level`.
    ///
    /// - Parameters:
    ///   - variable: the variable of the environment that says the same.
    ///   - fallback: the default, for the help.
    ///   - apply: takes the level.
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
