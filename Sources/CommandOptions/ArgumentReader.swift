import Diagnostics

/// Reads the arguments of a command line one by one.
public struct ArgumentReader: Sendable {
    private var rest: ArraySlice<String>

    /// A reader of `arguments`, which lack the program's name.
    public init(_ arguments: some Sequence<String>) {
        rest = Array(arguments)[...]
    }

    /// Reads the next argument; `nil` at the end.
    public mutating func next() -> Argument? {
        rest.popFirst().map(Argument.init)
    }

    /// Reads the value of a flag: what is attached to it, else the next argument; `nil` at the end.
    public mutating func value(of argument: Argument) -> String? {
        argument.attachedValue ?? rest.popFirst()
    }

    /// Reads all that is left.
    public mutating func remaining() -> [String] {
        defer { rest = [] }
        return Array(rest)
    }
}

/// One argument of a command line.
public struct Argument: Sendable, Equatable {
    /// As it is written.
    public let text: String
    /// What stands before its first `=`, which is a flag if the argument is an option.
    public let flag: String
    /// What stands after that; `nil` without one.
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

    /// The argument as error texts quote it.
    public var quoted: String { text.quotedArgument }
}

extension String {
    /// The text as error texts quote an argument: on one line and not too long.
    public var quotedArgument: String { "'\(singleLine(limit: 100))'" }
}
