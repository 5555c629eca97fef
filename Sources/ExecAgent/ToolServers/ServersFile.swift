import Diagnostics
import HostConfiguration
import JSON

/// The servers of a file in the form that MCP hosts share: `{"mcpServers": {"NAME": {"command", "args", "env", "cwd"}}}`.
/// Read as the hosts do: with comments, trailing commas and a byte order mark.
struct ServersFile {
    /// How long a server's name may be, in characters.
    private static let nameLength = 64
    /// The member that holds the servers, by the names that hosts have for it.
    private static let sections = ["mcpServers", "servers", "context_servers"]
    /// What the members are called that name a server of the network.
    private static let addresses = ["url", "serverUrl", "httpUrl"]
    /// Types of servers that are no programs.
    private static let remoteTypes: Set<String> = [
        "http", "https", "sse", "streamable-http", "streamablehttp", "streamable_http", "ws", "websocket", "remote",
    ]

    private let variables: [String: String]

    /// Reads the text of such a file. Servers that are switched off are left out, and so is one that cannot be used, which
    /// is told: the others are none the worse for it. Members that are not known here are passed over, because every
    /// host has some of its own.
    ///
    /// - Parameters:
    ///   - variables: what references to environment variables stand for.
    ///   - onWarning: told what is left out, and why.
    /// - Throws: ``ConfigurationError`` where the text is no such file.
    static func parse(
        _ text: [UInt8], variables: [String: String], onWarning: (String) -> Void = { _ in }
    ) throws(ConfigurationError) -> [ToolServerEntry] {
        let (section, servers) = try section(of: try document(text))
        let reader = ServersFile(variables: variables)
        var entries: [ToolServerEntry] = []
        for server in servers {
            do throws(ConfigurationError) {
                if let entry = try reader.entry(server.key, server.value) { entries.append(entry) }
            } catch {
                let name = "\(section).\(server.key)".singleLine(limit: 100)
                onWarning("\(name): \(error.message); it is left out")
            }
        }
        return entries
    }

    private static func document(_ text: [UInt8]) throws(ConfigurationError) -> JSON {
        let document: JSON?
        do {
            document = try JSONC.parse(text)
        } catch {
            throw ConfigurationError(message: "it is not valid JSON: \(error.message)")
        }
        guard let document else { throw ConfigurationError(message: "it is not valid JSON: there is nothing in it") }
        return document
    }

    private static func section(of document: JSON) throws(ConfigurationError) -> (name: String, servers: JSONObject) {
        for name in sections {
            if let servers = document[name]?.objectValue { return (name, servers) }
        }
        throw ConfigurationError(message: "it must hold an object mcpServers: {\"mcpServers\": {\"NAME\": {…}}}")
    }

    /// - Returns: `nil` for one that is switched off.
    private func entry(_ name: String, _ value: JSON) throws(ConfigurationError) -> ToolServerEntry? {
        let isName = !name.isEmpty && name.count <= Self.nameLength
        guard isName, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw ConfigurationError(message: "a server's name must have 1 to \(Self.nameLength) printable characters")
        }
        guard let members = value.objectValue else { throw Self.mismatch("it", "an object", value) }
        if members["disabled"] == true || members["enabled"] == false { return nil }
        guard !Self.isRemote(members) else {
            throw ConfigurationError(
                message: """
                    only servers that are started as programs (type stdio, with a command) can be used, not those that \
                    are reached by a URL
                    """)
        }
        guard let command = try Self.string("command", members), !command.isEmpty else {
            throw ConfigurationError(message: "it lacks command, the program to start")
        }
        var entry = ToolServerEntry(name: name, command: try expand(command))
        for argument in try Self.array("args", members) {
            guard let text = Self.text(argument) else { throw Self.mismatch("each of args", "a string", argument) }
            entry.arguments.append(try expand(text))
        }
        for setting in try Self.object("env", members) where setting.value != .null {
            guard let text = Self.text(setting.value) else {
                throw Self.mismatch("env.\(setting.key)", "a string", setting.value)
            }
            guard !setting.key.isEmpty, !setting.key.contains("=") else {
                throw ConfigurationError(message: "env has a variable whose name is empty or contains =")
            }
            entry.environment[setting.key] = try expand(text)
        }
        if let directory = try Self.string("cwd", members) { entry.workingDirectory = try expand(directory) }
        return entry
    }

    private func expand(_ text: String) throws(ConfigurationError) -> String {
        let expanded = try VariableReferences.expand(text, from: variables)
        guard !expanded.utf8.contains(0) else { throw ConfigurationError(message: "it has a text with a zero byte") }
        return expanded
    }

    private static func isRemote(_ members: JSONObject) -> Bool {
        if let type = members["type"]?.stringValue, remoteTypes.contains(type.lowercased()) { return true }
        return addresses.contains { members[$0]?.stringValue?.isEmpty == false }
    }

    /// A value as a program finds it among its arguments or in its environment.
    private static func text(_ value: JSON) -> String? {
        switch value {
        case .string(let text): text
        case .integer, .double, .bool: value.text
        default: nil
        }
    }

    private static func string(_ name: String, _ members: JSONObject) throws(ConfigurationError) -> String? {
        guard let value = members.given(name) else { return nil }
        guard let text = value.stringValue else { throw mismatch(name, "a string", value) }
        return text
    }

    private static func array(_ name: String, _ members: JSONObject) throws(ConfigurationError) -> [JSON] {
        guard let value = members.given(name) else { return [] }
        guard let elements = value.arrayValue else { throw mismatch(name, "an array of strings", value) }
        return elements
    }

    private static func object(_ name: String, _ members: JSONObject) throws(ConfigurationError) -> JSONObject {
        guard let value = members.given(name) else { return JSONObject() }
        guard let object = value.objectValue else { throw mismatch(name, "an object of strings", value) }
        return object
    }

    private static func mismatch(_ what: String, _ kind: String, _ found: JSON) -> ConfigurationError {
        ConfigurationError(message: "\(what) must be \(kind), not \(found.kindDescription)")
    }
}
