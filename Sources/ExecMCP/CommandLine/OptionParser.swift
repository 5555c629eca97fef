import CommandOptions
import ExecCore

/// What a command line asks for.
enum Invocation: Sendable, Equatable {
    case serve(Options)
    case help
    case version
}

/// Reads the server's command line and the environment.
enum OptionParser {
    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - defaults: the options where neither a flag nor a variable says otherwise.
    /// - Throws: ``UsageError`` for an unknown flag or a value that is not accepted.
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
        return .serve(options)
    }
}
