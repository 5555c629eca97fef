import Diagnostics

/// Reads a command line and the environment: a flag beats its variable, and the last of two equal flags the first.
public struct OptionParser<Settings>: Sendable {
    private let program: String
    private let options: [OptionDescription<Settings>]
    private let takesWords: Bool

    /// A parser.
    ///
    /// - Parameters:
    ///   - program: the program's name, for what it says of mistakes.
    ///   - options: every option that there is.
    ///   - takesWords: whether there may be words that are no options. Without them, `help` and `version` are words
    ///     that ask for just that.
    public init(program: String, options: [OptionDescription<Settings>], takesWords: Bool = false) {
        self.program = program
        self.options = options
        self.takesWords = takesWords
    }

    /// Changes `settings` as the arguments and the variables say.
    ///
    /// - Parameter arguments: without the program's name.
    /// - Throws: ``UsageError`` for an unknown flag or a value that is not accepted.
    public func parse(
        _ arguments: [String], environment: [String: String], into settings: inout Settings
    ) throws(UsageError) -> Request {
        var flags: [(option: OptionDescription<Settings>, value: String)] = []
        var words: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--", takesWords {
                words += rest
                break
            }
            // A lone hyphen is a word by custom: standard input.
            if takesWords, !argument.hasPrefix("-") || argument == "-" {
                words.append(argument)
                continue
            }
            if ["--help", "-h", "help"].contains(argument) { return .help }
            if ["--version", "version"].contains(argument) { return .version }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = options.first(where: { $0.flag == parts[0] && !$0.flag.isEmpty }) else {
                throw UsageError(message: "unknown argument \(quoted(argument)); \(program) --help lists what there is")
            }
            guard option.takesValue else {
                guard parts.count == 1 else { throw UsageError(message: "\(option.flag) takes no value") }
                flags.append((option, ""))
                continue
            }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
                throw UsageError(message: "\(option.flag) needs a value: \(option.accepts)")
            }
            flags.append((option, value))
        }
        let flagged = Set(flags.map(\.option.flag))
        for option in options where option.flag.isEmpty || !flagged.contains(option.flag) {
            guard let value = environment[option.variable], !value.isEmpty else { continue }
            try set(option, to: value, named: option.variable, in: &settings)
        }
        for (option, value) in flags { try set(option, to: value, named: option.flag, in: &settings) }
        return .run(words: words)
    }

    private func set(
        _ option: OptionDescription<Settings>, to value: String, named name: String, in settings: inout Settings
    ) throws(UsageError) {
        guard option.apply(value, &settings) else {
            // What has no flag is a secret.
            let shown = option.flag.isEmpty ? "its value" : quoted(value)
            let reason = option.objection(value).map { " (\($0.singleLine(limit: 300)))" } ?? ""
            throw UsageError(message: "\(name) does not accept \(shown)\(reason): it takes \(option.accepts)")
        }
    }

    private func quoted(_ text: String) -> String {
        "'\(text.singleLine(limit: 100))'"
    }
}

/// What a command line asks for.
public enum Request: Sendable, Equatable {
    /// The program's own work, with the words that are no options.
    case run(words: [String])
    case help
    case version
}

/// A command line that is not accepted. One line says which flag or variable and what it takes.
public struct UsageError: Error, Equatable {
    /// The line, without the program's name.
    public let message: String

    /// A mistake.
    public init(message: String) {
        self.message = message
    }
}
