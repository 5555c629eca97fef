import ExecCore

/// What a command line asks for.
enum Invocation: Sendable, Equatable {
    case serve(Options)
    case help
    case version
}

/// Reads the command line and the environment.
enum OptionParser {
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - defaults: the options where neither a flag nor a variable says otherwise.
    /// - Throws: ``UsageError`` for an unknown flag or a value that is not accepted.
    static func parse(
        _ arguments: [String], environment: [String: String], defaults: Options
    ) throws(UsageError) -> Invocation {
        var flags: [(option: OptionDescription, value: String)] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if ["--help", "-h", "help"].contains(argument) { return .help }
            if ["--version", "version"].contains(argument) { return .version }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = OptionDescription.all.first(where: { $0.flag == parts[0] }) else {
                throw UsageError(message: "unknown argument \(quoted(argument)); exec-mcp --help lists what there is")
            }
            guard let value = parts.count > 1 ? parts[1] : rest.popFirst() else {
                throw UsageError(message: "\(option.flag) needs a value: \(option.accepts)")
            }
            flags.append((option, value))
        }
        var options = defaults
        let flagged = Set(flags.map(\.option.flag))
        for option in OptionDescription.all where !flagged.contains(option.flag) {
            guard let value = environment[option.variable], !value.isEmpty else { continue }
            try set(option, to: value, named: option.variable, in: &options)
        }
        for (option, value) in flags { try set(option, to: value, named: option.flag, in: &options) }
        if case .directory(let path, _) = options.configuration.workspace {
            options.configuration.workspace = .directory(path: path, user: options.user)
        }
        guard options.configuration.allowedHosts.isEmpty || options.configuration.network == "none" else {
            throw UsageError(
                message: "--allow-host goes with --network none alone: a network leads to other hosts as well")
        }
        return .serve(options)
    }

    private static func set(
        _ option: OptionDescription, to value: String, named name: String, in options: inout Options
    ) throws(UsageError) {
        guard option.apply(value, &options) else {
            throw UsageError(message: "\(name) does not accept \(quoted(value)): it takes \(option.accepts)")
        }
    }

    private static func quoted(_ text: String) -> String {
        "'\(text.singleLine(limit: 100))'"
    }
}
