/// Reads the command line of a command that has options of its own and accepts the program's too.
public struct SubcommandParser<Settings>: Sendable {
    private let options: [OptionDescription<Settings>]
    /// The program's flags, and whether each takes a value.
    private let programFlags: [String: Bool]

    /// A parser.
    ///
    /// - Parameters:
    ///   - options: the command's own. They are known by their flags; variables are not read.
    ///   - program: the program's options.
    public init<Program>(options: [OptionDescription<Settings>], program: [OptionDescription<Program>]) {
        self.options = options
        programFlags = Dictionary(program.map { ($0.flag, $0.takesValue) }) { first, _ in first }
    }

    /// Changes `settings` as the command's own options say.
    ///
    /// - Parameter other: takes what is neither an option of the command nor of the program.
    /// - Returns: the program's options as they are written, for the program's own parser.
    /// - Throws: ``UsageError`` for a value that is missing or not accepted, and what `other` throws.
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
    /// An option of a command that explains it in a help text of its own.
    public init(
        ofCommand flag: String, placeholder: String = "", accepts: String = "",
        apply: @escaping @Sendable (String, inout Settings) -> Bool
    ) {
        self.init(flag: flag, placeholder: placeholder, help: "", fallback: "", accepts: accepts, apply: apply)
    }

    /// A flag without a value is not given by one that has some.
    fileprivate func isGiven(by argument: Argument) -> Bool {
        flag == argument.flag && (takesValue || argument.attachedValue == nil)
    }
}
