import CommandOptions
import Diagnostics

/// Something that the program does for a person, and then ends.
protocol Command: Sendable {
    /// The word on the command line, for example `doctor`.
    var name: String { get }
    /// What it is for, in one line for `exec-mcp --help`.
    var summary: String { get }
    /// What `exec-mcp NAME --help` prints, with a newline at its end.
    var help: String { get }

    /// Does it.
    ///
    /// - Parameters:
    ///   - arguments: what follows the command's name.
    ///   - defaults: the server's options where neither a flag nor a variable says otherwise.
    /// - Returns: the exit status: 0, 1 for a failure, 2 for arguments that are not accepted.
    /// - Throws: ``UsageError`` for arguments that are not accepted.
    func run(_ arguments: [String], defaults: Options) throws(UsageError) -> Int32
}

/// The commands that there are.
enum Commands {
    /// All of them, in the order of the help.
    static let all: [any Command] = [ConfigCommand(), DoctorCommand(), ImageCommand()]

    /// The command that a command line begins with; `nil` where it begins with an option or is empty.
    ///
    /// - Throws: ``UsageError`` for a word that is none.
    static func command(
        in arguments: [String], of commands: [any Command] = all
    ) throws(UsageError) -> (any Command)? {
        guard let word = arguments.first, !word.hasPrefix("-"), !["help", "version"].contains(word) else { return nil }
        guard let command = commands.first(where: { $0.name == word }) else {
            let names = commands.map(\.name).joined(separator: ", ")
            let word = word.singleLine(limit: 100)
            throw UsageError(message: "unknown command '\(word)': there is \(names); exec-mcp --help explains them")
        }
        return command
    }

    /// Whether the arguments of a command ask for its help. What follows `--` is not the command's own.
    static func wantsHelp(_ arguments: some Sequence<String>) -> Bool {
        arguments.prefix { $0 != "--" }.contains { ["--help", "-h"].contains($0) }
    }
}
