/// Parses the command line of a subcommand, which has its own options and also accepts the program's.
public struct SubcommandParser<Settings>: Sendable {
    private let options: [OptionDescription<Settings>]
    /// The program's flags; the value says whether a flag takes a value.
    private let programFlags: [String: Bool]

    /// A parser.
    ///
    /// - Parameters:
    ///   - options: the subcommand's own options, identified by their flags; variables are not read.
    ///   - program: the program's options.
    public init<Program>(options: [OptionDescription<Settings>], program: [OptionDescription<Program>]) {
        self.options = options
        programFlags = Dictionary(program.map { ($0.flag, $0.takesValue) }) { first, _ in first }
    }

    /// Applies the subcommand's own options to `settings`.
    ///
    /// - Parameter other: called with each argument that is neither an option of the subcommand nor of the program.
    /// - Returns: the program's options as written, for the program's own parser.
    /// - Throws: ``UsageError`` for a missing value or one that is not accepted, and what `other` throws.
    public func parse(
        _ arguments: some Sequence<String>, into settings: inout Settings,
        other: (Argument, inout Settings) throws(UsageError) -> Void
    ) throws(UsageError) -> [String] {
        var ofProgram: [String] = []
        var reader = ArgumentReader(arguments)
        while let argument = reader.next() {
            if let option = options.first(where: { $0.isGiven(by: argument) }) {
                let value = option.takesValue ? reader.value(of: argument) : ""
                guard let value else { throw option.missingValue }
                try option.set(to: value, named: option.flag, in: &settings)
            } else if let takesValue = programFlags[argument.flag] {
                ofProgram.append(argument.text)
                if takesValue, argument.attachedValue == nil, let value = reader.next() { ofProgram.append(value.text) }
            } else {
                try other(argument, &settings)
            }
        }
        return ofProgram
    }
}

extension OptionDescription {
    /// An option of a subcommand that documents it in its own help text.
    public init(
        ofCommand flag: String, placeholder: String = "", accepts: String = "",
        apply: @escaping @Sendable (String, inout Settings) -> Bool
    ) {
        self.init(flag: flag, placeholder: placeholder, help: "", fallback: "", accepts: accepts, apply: apply)
    }

    /// Whether the argument sets this option. A flag without a value doesn't match an argument with one.
    fileprivate func isGiven(by argument: Argument) -> Bool {
        flag == argument.flag && (takesValue || argument.attachedValue == nil)
    }
}
