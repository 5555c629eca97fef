import Diagnostics

/// Reads command-line arguments one at a time.
public struct ArgumentReader: Sendable {
    private var rest: ArraySlice<String>

    /// A reader of `arguments`, which don't include the program's name.
    public init(_ arguments: some Sequence<String>) {
        rest = Array(arguments)[...]
    }

    /// Reads the next argument; `nil` at the end.
    public mutating func next() -> Argument? {
        rest.popFirst().map(Argument.init)
    }

    /// Reads the value of a flag: the attached value if there is one, otherwise the next argument; `nil` at the end.
    public mutating func value(of argument: Argument) -> String? {
        argument.attachedValue ?? rest.popFirst()
    }

    /// Reads all remaining arguments.
    public mutating func remaining() -> [String] {
        defer { rest = [] }
        return Array(rest)
    }
}

/// A command-line argument.
public struct Argument: Sendable, Equatable {
    /// The argument as written.
    public let text: String
    /// The part before the first `=`; a flag if the argument is an option.
    public let flag: String
    /// The part after the first `=`; `nil` if none.
    public let attachedValue: String?

    /// An argument.
    public init(_ text: String) {
        self.text = text
        guard let sign = text.firstIndex(of: "=") else {
            (flag, attachedValue) = (text, nil)
            return
        }
        (flag, attachedValue) = (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }

    /// The argument as quoted in error messages.
    public var quoted: String { text.quotedArgument }
}

extension String {
    /// The text as error messages quote an argument: on one line and truncated.
    public var quotedArgument: String { "'\(singleLine(limit: 100))'" }
}
