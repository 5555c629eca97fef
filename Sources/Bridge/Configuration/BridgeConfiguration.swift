import Diagnostics
public import JSON
public import MCPServers
import SystemCalls

/// A server of the bridge.
public struct BridgeServerEntry: Sendable, Equatable {
    /// How it is started.
    public var entry: ToolServerEntry
    /// Its settings for the bridge.
    public var settings: BridgeServerSettings

    /// A server.
    public init(_ entry: ToolServerEntry, settings: BridgeServerSettings = BridgeServerSettings()) {
        self.entry = entry
        self.settings = settings
    }

    /// Its name.
    public var name: String { entry.name }
}

/// Reads the configuration files of the bridge.
public enum BridgeConfiguration {
    /// The member of an entry that holds ``BridgeServerSettings``.
    static let settingsName = "exec-mcp"
    /// The prefix of the variables that hold the values of `${input:NAME}`.
    public static let inputPrefix = "EXEC_MCP_INPUT_"

    /// Reads files with servers, in any of the formats of MCP hosts. An entry that can't be used is left out with a
    /// warning. Of several servers with one name, the last counts.
    ///
    /// - Parameters:
    ///   - variables: this process's environment.
    ///   - ownPath: the path of this program, which can't be its own server.
    ///   - onWarning: called with each part that is ignored and why; includes the file's path.
    /// - Throws: ``ServerConfigurationError`` for a file that can't be read; includes its path.
    public static func read(
        _ files: [String], variables: [String: String], ownPath: String?, onWarning: (String) -> Void
    ) throws(ServerConfigurationError) -> [BridgeServerEntry] {
        let references = HostReferences(
            inputPrefix: inputPrefix, readsEnvironmentFiles: true, settings: settingsName)
        var servers: [BridgeServerEntry] = []
        for file in files {
            let entries = try ServersFile.read(
                file, variables: variables, program: "exec-mcp", references: references, onWarning: onWarning)
            for entry in entries {
                let place = "\(file): \(entry.name.singleLine(limit: 100))"
                guard !isThisProgram(entry, ownPath: ownPath, path: variables["PATH"]) else {
                    onWarning("\(place): this is exec-mcp itself, which cannot be its own server; it is left out")
                    continue
                }
                let settings = BridgeServerSettings(entry.settings) { onWarning("\(place): \($0)") }
                if let earlier = servers.firstIndex(where: { $0.name.utf8.elementsEqual(entry.name.utf8) }) {
                    onWarning("\(place): an earlier file has a server of this name; the last counts")
                    servers.remove(at: earlier)
                }
                servers.append(BridgeServerEntry(entry, settings: settings))
            }
        }
        return servers
    }

    /// Whether the members of an entry start this program.
    public static func isThisProgram(_ members: JSON, ownPath: String?) -> Bool {
        guard let command = members["command"]?.stringValue else { return false }
        return isThisProgram(ToolServerEntry(name: "", command: command), ownPath: ownPath, path: nil)
    }

    /// Whether the entry starts this program or another copy of it. What starts it indirectly is found by
    /// ``BridgedServerEnvironment/depthVariable``.
    static func isThisProgram(_ entry: ToolServerEntry, ownPath: String?, path: String?) -> Bool {
        guard entry.url == nil else { return false }
        let program = Executables.find(entry.command, on: entry.environment["PATH"] ?? path) ?? entry.command
        let real = Files.realPath(program) ?? program
        return Files.name(of: real) == "exec-mcp" || Files.name(of: entry.command) == "exec-mcp"
            || real == ownPath
    }
}
