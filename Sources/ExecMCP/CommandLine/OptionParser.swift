import CommandOptions
import ExecCore

/// What a command line asks for.
enum Invocation: Sendable, Equatable {
    case serve(Options)
    case help
    case version
}

/// Parses the server's command line and environment.
enum OptionParser {
    /// - Parameters:
    ///   - arguments: the arguments without the program's name.
    ///   - defaults: the options used unless a flag or a variable overrides them.
    /// - Throws: ``UsageError`` for an unknown flag or an invalid value.
    static func parse(
        _ arguments: [String], environment: [String: String], defaults: Options
    ) throws(UsageError) -> Invocation {
        let parser = CommandOptions.OptionParser(program: "exec-mcp", options: OptionDescription.all)
        var options = defaults
        switch try parser.parse(arguments, environment: environment, into: &options) {
        case .help: return .help
        case .version: return .version
        case .run: break
        }
        if case .directory(let path, _) = options.configuration.workspace {
            options.configuration.workspace = .directory(path: path, user: options.user)
        }
        guard options.configuration.allowedHosts.isEmpty || options.configuration.network == "none" else {
            throw UsageError(
                message: "--allow-host goes with --network none alone: a network leads to other hosts as well")
        }
        try checkPrewarming(options)
        return .serve(options)
    }

    /// Rejects prewarming if a named user could never get a sandbox in advance.
    private static func checkPrewarming(_ options: Options) throws(UsageError) {
        let others = options.prewarmUsers.filter { $0 != options.user }
        if case .directory(_, let only) = options.configuration.workspace, let other = others.first {
            throw UsageError(
                message: """
                    --prewarm-users names \(other), but the directory given to --workspace is for the user \(only) \
                    alone: name no other, or leave out one of the two
                    """)
        }
        guard others.count < options.limits.maximumSandboxes else {
            throw UsageError(
                message: """
                    --prewarm-users and --user are \(others.count + 1) users, but --max-sandboxes is \
                    \(options.limits.maximumSandboxes): raise it, or name fewer
                    """)
        }
    }
}
