import Diagnostics

/// Parses the command line and the environment: a flag overrides its variable, and the last of repeated flags wins.
public struct OptionParser<Settings>: Sendable {
    private let program: String
    private let options: [OptionDescription<Settings>]
    private let acceptsWords: Bool

    /// A parser.
    ///
    /// - Parameters:
    ///   - program: the program's name, for error messages.
    ///   - options: all options.
    ///   - takesWords: whether to accept arguments that aren't options. If not, `help` and `version` are accepted like
    ///     the flags of that name.
    public init(program: String, options: [OptionDescription<Settings>], acceptsWords: Bool = false) {
        self.program = program
        self.options = options
        self.acceptsWords = acceptsWords
    }

    /// Applies the arguments and variables to `settings`.
    ///
    /// - Parameter arguments: the arguments without the program's name.
    /// - Throws: ``UsageError`` for an unknown flag or a value that is not accepted.
    public func parse(
        _ arguments: [String], environment: [String: String], into settings: inout Settings
    ) throws(UsageError) -> RequestedAction {
        var flags: [(option: OptionDescription<Settings>, value: String)] = []
        var words: [String] = []
        var reader = ArgumentReader(arguments)
        while let argument = reader.next() {
            if argument.text == "--", acceptsWords {
                words += reader.remaining()
                break
            }
            // By convention a lone hyphen isn't a flag but stands for standard input.
            if acceptsWords, !argument.text.hasPrefix("-") || argument.text == "-" {
                words.append(argument.text)
                continue
            }
            if ["--help", "-h", "help"].contains(argument.text) { return .help }
            if ["--version", "version"].contains(argument.text) { return .version }
            guard let option = options.first(where: { $0.flag == argument.flag && !$0.flag.isEmpty }) else {
                throw UsageError(message: "unknown argument \(argument.quoted); \(program) --help lists the options")
            }
            guard option.takesValue else {
                guard argument.attachedValue == nil else { throw UsageError(message: "\(option.flag) takes no value") }
                flags.append((option, ""))
                continue
            }
            guard let value = reader.value(of: argument) else { throw option.missingValue }
            flags.append((option, value))
        }
        let flagged = Set(flags.map(\.option.flag))
        for option in options where option.flag.isEmpty || !flagged.contains(option.flag) {
            guard let value = environment[option.variable], !value.isEmpty else { continue }
            try option.set(to: value, named: option.variable, in: &settings)
        }
        for (option, value) in flags { try option.set(to: value, named: option.flag, in: &settings) }
        return .run(words: words)
    }
}

extension OptionDescription {
    /// Sets the option's value.
    ///
    /// - Parameter name: the flag or variable that provides the value.
    /// - Throws: ``UsageError`` if it is not accepted.
    func set(to value: String, named name: String, in settings: inout Settings) throws(UsageError) {
        guard !apply(value, &settings) else { return }
        // An option without a flag is a secret: don't show its value.
        let shown = flag.isEmpty ? "its value" : value.quotedArgument
        let reason = objection(value).map { " (\($0.singleLine(limit: 300)))" } ?? ""
        throw UsageError(message: "\(name) does not accept \(shown)\(reason): expected \(accepts)")
    }

    /// The error for a flag without its value.
    var missingValue: UsageError {
        UsageError(message: "\(flag) needs a value" + (accepts.isEmpty ? "" : ": \(accepts)"))
    }
}

/// The action that a command line requests.
public enum RequestedAction: Sendable, Equatable {
    /// Normal operation, with the arguments that aren't options.
    case run(words: [String])
    case help
    case version
}

/// An invalid command line. The one-line message names the flag or variable and the accepted values.
public struct UsageError: Error, Equatable {
    /// The message, without the program's name.
    public let message: String

    /// An error with this message.
    public init(message: String) {
        self.message = message
    }

    /// Returns the error for a value that `name`, a flag or a variable, does not accept.
    ///
    /// - Parameter accepts: the accepted values, as part of a sentence.
    public static func notAccepted(_ value: String, by name: String, accepts: String) -> UsageError {
        UsageError(message: "\(name) does not accept \(value.quotedArgument): expected \(accepts)")
    }
}
