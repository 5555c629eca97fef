import CommandOptions

/// Something that the program does for a person, and then ends.
protocol Command: Sendable {
    /// The word on the command line, for example `doctor`.
    var name: String { get }
    /// What it is for, in one line for `exec-mcp --help`.
    var summary: String { get }
    /// What `exec-mcp NAME --help` prints, with a newline at its end.
    var help: String { get }
    /// Flags of its own that are followed by a value, such as `--tag`.
    var flagsWithValue: [String] { get }

    /// Does it.
    ///
    /// - Parameters:
    ///   - arguments: the command line without the command's name.
    ///   - defaults: the server's options where neither a flag nor a variable says otherwise.
    /// - Returns: the exit status: 0, 1 for a failure, 2 for arguments that are not accepted.
    /// - Throws: ``UsageError`` for arguments that are not accepted.
    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32
}

extension Command {
    var flagsWithValue: [String] { [] }
}

/// The commands that there are.
enum Commands {
    /// A command, and what it is called with.
    struct Call {
        let command: any Command
        /// The command line without the command's name.
        let arguments: [String]
    }

    /// All of them, in the order of the help.
    static let all: [any Command] = [ConfigCommand(), DoctorCommand(), ImageCommand()]

    /// The command that a command line names, before, between or after the options; `nil` where it names none.
    ///
    /// - Throws: ``UsageError`` for a word that is none.
    static func call(in arguments: [String], of commands: [any Command] = all) throws(UsageError) -> Call? {
        // The value of an option may be the name of a command.
        let flags = OptionDescription.all.filter(\.takesValue).map(\.flag) + commands.flatMap(\.flagsWithValue)
        guard let place = CommandWord.place(in: arguments, takesValue: flags.contains) else { return nil }
        let word = arguments[place]
        guard !["help", "version"].contains(word) else { return nil }
        guard let command = commands.first(where: { $0.name == word }) else {
            // Of a flag that is none, the word may be the value. The parser of options says which flag that is.
            let known = OptionDescription.all.map(\.flag) + commands.flatMap(\.flagsWithValue)
            guard
                arguments[..<place].allSatisfy({ argument in
                    !argument.hasPrefix("-") || known.contains(Argument(argument).flag)
                })
            else { return nil }
            let names = commands.map(\.name).joined(separator: ", ")
            throw UsageError(
                message: "unknown command \(word.quotedArgument): there is \(names); exec-mcp --help explains them")
        }
        return Call(command: command, arguments: Array(arguments[..<place] + arguments[(place + 1)...]))
    }

    /// Whether the arguments of a command ask for its help. What follows `--` is not the command's own.
    static func wantsHelp(_ arguments: some Sequence<String>) -> Bool {
        arguments.prefix { $0 != "--" }.contains { ["--help", "-h"].contains($0) }
    }
}
