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
        var reader = ArgumentReader(arguments)
        while let argument = reader.next() {
            if argument.text == "--", takesWords {
                words += reader.remaining()
                break
            }
            // A lone hyphen is a word by custom: standard input.
            if takesWords, !argument.text.hasPrefix("-") || argument.text == "-" {
                words.append(argument.text)
                continue
            }
            if ["--help", "-h", "help"].contains(argument.text) { return .help }
            if ["--version", "version"].contains(argument.text) { return .version }
            guard let option = options.first(where: { $0.flag == argument.flag && !$0.flag.isEmpty }) else {
                throw UsageError(message: "unknown argument \(argument.quoted); \(program) --help lists what there is")
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
    /// Gives the option a value.
    ///
    /// - Parameter name: the flag or the variable that it was given by.
    /// - Throws: ``UsageError`` if it is not accepted.
    func set(to value: String, named name: String, in settings: inout Settings) throws(UsageError) {
        guard !apply(value, &settings) else { return }
        // What has no flag is a secret.
        let shown = flag.isEmpty ? "its value" : value.quotedArgument
        let reason = objection(value).map { " (\($0.singleLine(limit: 300)))" } ?? ""
        throw UsageError(message: "\(name) does not accept \(shown)\(reason): it takes \(accepts)")
    }

    /// The mistake of a flag without its value.
    var missingValue: UsageError {
        UsageError(message: "\(flag) needs a value" + (accepts.isEmpty ? "" : ": \(accepts)"))
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

    /// A value that `name`, a flag or a variable, does not accept.
    ///
    /// - Parameter accepts: what it takes, as part of a sentence.
    public static func notAccepted(_ value: String, by name: String, accepts: String) -> UsageError {
        UsageError(message: "\(name) does not accept \(value.quotedArgument): it takes \(accepts)")
    }
}
