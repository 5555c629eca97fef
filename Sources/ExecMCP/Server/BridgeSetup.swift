import Bridge
import CommandOptions
import Diagnostics
import ExecCore
import MCPServers
import PrivateData

/// Makes the bridge that the options ask for.
enum BridgeSetup {
    /// Reads the servers that the options name. Parts that can't be used are logged.
    ///
    /// - Parameter onFault: called for each of these parts.
    /// - Throws: ``UsageError`` for a file that can't be used at all.
    static func entries(
        _ options: Options, logger: Logger, onFault: () -> Void = {}
    ) throws(UsageError) -> [BridgeServerEntry] {
        do throws(ServerConfigurationError) {
            return try BridgeConfiguration.read(
                options.mcpConfigFiles, variables: Environment.variables, ownPath: Environment.programPath
            ) {
                logger.warning($0)
                onFault()
            }
        } catch {
            throw UsageError(message: "--mcp-config: \(error.message.singleLine(limit: 1000))")
        }
    }

    /// Returns the bridge; `nil` if the options name no servers. Nothing of it is touched then.
    ///
    /// - Parameters:
    ///   - privateData: the private values of all users; `nil` if none are replaced.
    ///   - audit: the log that records each call of a tool; `nil` for none.
    ///   - observer: counts and traces calls.
    ///   - onFault: called for each part of the files that can't be used.
    ///   - onUntrusted: called with the names of all servers marked as untrusted that a user's session reads, whenever
    ///     another one is about to be read.
    /// - Throws: ``UsageError`` for a file of servers, or a recording, that can't be used.
    static func bridge(
        _ options: Options, privateData: PrivateDataVaults? = nil, audit: AuditLog?,
        observer: BridgeObserver = BridgeObserver(), logger: Logger, onFault: () -> Void = {},
        onUntrusted: @escaping @Sendable (UserID, [String]) -> Void = { _, _ in }
    ) throws(UsageError) -> Bridge? {
        guard !options.mcpConfigFiles.isEmpty else { return nil }
        var entries = try entries(options, logger: logger, onFault: onFault)
        guard !entries.isEmpty else { return nil }
        let network = options.configuration.network
        if network != "none", entries.contains(where: { !$0.settings.sources.isEmpty }) {
            logger.warning(
                "exec-mcp.source guards tools and allowed hosts, not what code reaches by --network \(network)")
        }
        if privateData == nil { entries = entries.map { withoutPrivateData($0, logger: logger) } }
        let variables = Environment.variables
        return Bridge(
            entries, environment: variables, stateDirectory: .usual(variables: variables),
            recording: try recording(options, entries, logger: logger), privateData: privateData, logger: logger,
            observer: observer, onUntrusted: onUntrusted
        ) { user, call in
            guard let audit else { return }
            audit.begin()
            audit.end(NestedCallEntry(user: user, call: call, privateData: privateData?.vault(of: user.name)).line)
        }
    }

    /// Says that a server's private data stays as it is; a server whose private data must not enter the sandbox is
    /// refused.
    private static func withoutPrivateData(_ entry: BridgeServerEntry, logger: Logger) -> BridgeServerEntry {
        var entry = entry
        let name = entry.name.singleLine(limit: 100)
        switch entry.settings.privateData {
        case .ignored: break
        case .replaced:
            logger.warning("MCP server \(name): exec-mcp.pii has no effect without --pii: private data is not replaced")
        case .withheld:
            entry.settings.deny = ["*"]
            logger.warning(
                "MCP server \(name): exec-mcp.pii keeps private data out of the sandbox, which --pii off cannot do: "
                    + "none of its tools runs")
        }
        return entry
    }

    private static func recording(
        _ options: Options, _ entries: [BridgeServerEntry], logger: Logger
    ) throws(UsageError) -> RecordingMode {
        let (flag, path) =
            options.bridgeReplay.map { ("--bridge-replay", $0) } ?? ("--bridge-record", options.bridgeRecord ?? "")
        guard !path.isEmpty else { return .off }
        let shown = "\(flag) '\(path.singleLine(limit: 200))'"
        do throws(RecordingError) {
            guard options.bridgeReplay != nil else {
                return .record(try RecordingWriter(path: path, entries: entries, logger: logger))
            }
            return .replay(try Recording(path: path, entries: entries) { logger.warning("\(shown): \($0)") })
        } catch {
            throw UsageError(message: "\(shown): \(error.message.singleLine(limit: 500))")
        }
    }
}
