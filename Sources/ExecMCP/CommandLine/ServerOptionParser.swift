import Bridge
import CommandOptions
import ExecCore
import MCP
import PrivateData
import SystemCalls

/// What a command line asks for.
enum ServerInvocation: Sendable, Equatable {
    case serve(Options)
    case help
    case version
}

/// Parses the server's command line and environment.
enum ServerOptionParser {
    /// - Parameters:
    ///   - arguments: the arguments without the program's name.
    ///   - defaults: the options used unless a flag or a variable overrides them.
    ///   - ancestors: returns the names of the programs that this process descends from.
    /// - Throws: ``UsageError`` for an unknown flag or an invalid value.
    static func parse(
        _ arguments: [String], environment: [String: String], defaults: Options,
        ancestors: () -> [String] = { ProcessAncestors.programNames }
    ) throws(UsageError) -> ServerInvocation {
        let parser = CommandOptions.OptionParser(program: "exec-mcp", options: ServerOption.all)
        var options = defaults
        switch try parser.parse(arguments, environment: environment, into: &options) {
        case .help: return .help
        case .version: return .version
        case .run: break
        }
        if case .directory(let path, _) = options.configuration.workspace {
            options.configuration.workspace = .directory(path: path, user: options.user)
        }
        options.configuration.preloadsPython = options.startsAhead && options.configuration.python == .instant
        guard options.configuration.allowedHosts.isEmpty || options.configuration.network == "none" else {
            throw UsageError(
                message: "--allow-host works only with --network none: any other network reaches other hosts too")
        }
        settleWorkspace(&options)
        try checkKubernetes(&options)
        // What was named matters only for the defaults.
        options.namesWorkspace = false
        guard !options.configuration.sealsChannel || options.limits.linger == 0 else {
            throw UsageError(
                message: """
                    --seal-channel and --linger exclude each other: the key of a sealed channel ends with its server, and \
                    the next one could not read what the sandbox says
                    """)
        }
        try checkPrewarming(options)
        try checkBridge(options, environment, ancestors)
        try checkPrivateData(options)
        return .serve(options)
    }

    /// Rejects options that would replace nothing, although somebody expects it.
    private static func checkPrivateData(_ options: Options) throws(UsageError) {
        guard options.privateData != .off || options.privateDataPatterns.isEmpty else {
            throw UsageError(message: "--pii-pattern needs --pii found or --pii all: nothing is replaced without it")
        }
        guard options.privateData != .found || !options.mcpConfigFiles.isEmpty else {
            throw UsageError(
                message: """
                    --pii found needs --mcp-config: it replaces what results of servers there contain; --pii all needs none
                    """)
        }
    }

    /// Rejects a bridge that others could reach, or that would start itself again and again.
    private static func checkBridge(
        _ options: Options, _ environment: [String: String], _ ancestors: () -> [String]
    ) throws(UsageError) {
        guard !options.mcpConfigFiles.isEmpty else {
            guard options.bridgeRecord == nil, options.bridgeReplay == nil else {
                throw UsageError(
                    message: """
                        --bridge-record and --bridge-replay need --mcp-config, whose servers are recorded, and whose \
                        rules decide what is answered
                        """)
            }
            return
        }
        guard options.bridgeRecord == nil || options.bridgeReplay == nil else {
            throw UsageError(
                message: "--bridge-record and --bridge-replay exclude each other: a replay calls no server")
        }
        guard !options.configuration.sharesNetworkNamespace else {
            throw UsageError(
                message: """
                    --mcp-config needs a sandbox with a network of its own: in a shared one, other programs could call \
                    the tools as well
                    """)
        }
        // A launcher between the two, such as `env -i`, may remove the variable, but not its own parent.
        guard environment[BridgedServerEnvironment.depthVariable] == nil,
            !ancestors().contains(ServerIdentity.implementation.name)
        else {
            throw UsageError(
                message: """
                    --mcp-config is given to an exec-mcp that another exec-mcp started as one of its servers: give the \
                    servers to the first one
                    """)
        }
    }

    /// Rejects prewarming if a named user could never get a sandbox in advance.
    private static func checkPrewarming(_ options: Options) throws(UsageError) {
        let others = options.prewarmUsers.filter { $0 != options.user }
        if case .directory(_, let only) = options.configuration.workspace, let other = others.first {
            throw UsageError(
                message: """
                    --prewarm-users names \(other), but the directory given to --workspace is for the user \(only) \
                    only: name no other user, or omit one of the two options
                    """)
        }
        guard others.count < options.limits.maxSandboxes else {
            throw UsageError(
                message: """
                    --prewarm-users and --user name \(others.count + 1) users, but --max-sandboxes is \
                    \(options.limits.maxSandboxes): raise it, or name fewer
                    """)
        }
    }
}
