import CommandOptions

/// A subcommand: does a task for a person, and then the program ends.
protocol Subcommand: Sendable {
    /// The word on the command line, for example `doctor`.
    var name: String { get }
    /// A one-line description for `exec-mcp --help`.
    var summary: String { get }
    /// The output of `exec-mcp NAME --help`, with a newline at its end.
    var help: String { get }
    /// The command's own flags that are followed by a value, such as `--tag`.
    var flagsWithValue: [String] { get }

    /// Runs the command.
    ///
    /// - Parameters:
    ///   - arguments: the command line without the command's name.
    ///   - defaults: the server's options, used unless a flag or a variable overrides them.
    /// - Returns: the exit status: 0 for success, 1 for a failure, 2 for invalid arguments.
    /// - Throws: ``UsageError`` for invalid arguments.
    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32
}

extension Subcommand {
    var flagsWithValue: [String] { [] }
}

/// The available commands.
enum Commands {
    /// A command and its arguments.
    struct Call {
        let command: any Subcommand
        /// The command line without the command's name.
        let arguments: [String]
    }

    /// All commands, in the order of the help.
    static let all: [any Subcommand] = [
        ConfigCommand(), DoctorCommand(), ImageCommand(), KubernetesCommand(), BridgeCommand(), SkillsCommand(),
    ]

    /// Finds the command in a command line. It may stand before, between or after the options; `nil` if none.
    ///
    /// - Throws: ``UsageError`` for a word that isn't a command.
    static func call(in arguments: [String], of commands: [any Subcommand] = all) throws(UsageError) -> Call? {
        // The value of an option may equal the name of a command.
        let flags = ServerOption.all.filter(\.takesValue).map(\.flag) + commands.flatMap(\.flagsWithValue)
        guard let place = CommandWord.place(in: arguments, takesValue: flags.contains) else { return nil }
        let word = arguments[place]
        guard !["help", "version"].contains(word) else { return nil }
        guard let command = commands.first(where: { $0.name == word }) else {
            // After an unknown flag, the word may be its value. The option parser then reports the unknown flag.
            let known = ServerOption.all.map(\.flag) + commands.flatMap(\.flagsWithValue)
            guard
                arguments[..<place].allSatisfy({ argument in
                    !argument.hasPrefix("-") || known.contains(Argument(argument).flag)
                })
            else { return nil }
            let names = commands.map(\.name).joined(separator: ", ")
            throw UsageError(
                message: "unknown command \(word.quotedArgument): choose from \(names); see exec-mcp --help")
        }
        return Call(command: command, arguments: Array(arguments[..<place] + arguments[(place + 1)...]))
    }

    /// Whether the arguments of a command ask for its help. Arguments after `--` aren't the command's own.
    static func wantsHelp(_ arguments: some Sequence<String>) -> Bool {
        arguments.prefix { $0 != "--" }.contains { ["--help", "-h"].contains($0) }
    }
}
