import JSON

/// The servers of a file in the form that MCP hosts share: `{"mcpServers": {"NAME": {"command", "args", "env", "cwd"}}}`.
enum ServersFile {
    /// How long a server's name may be, in characters.
    private static let nameLength = 64

    /// Reads the text of such a file. Servers with `"disabled": true` are left out; members that are not known here are
    /// passed over, because every host has some of its own.
    ///
    /// - Parameter variables: what references to environment variables stand for.
    /// - Throws: ``ConfigurationError``.
    static func parse(
        _ text: [UInt8], variables: [String: String]
    ) throws(ConfigurationError) -> [ToolServerEntry] {
        let document: JSON
        do {
            document = try JSON.parse(text)
        } catch {
            throw ConfigurationError(message: "it is not valid JSON: \(error)")
        }
        guard let servers = document["mcpServers"]?.objectValue else {
            throw ConfigurationError(message: "it must hold an object mcpServers: {\"mcpServers\": {\"NAME\": {…}}}")
        }
        var entries: [ToolServerEntry] = []
        for server in servers {
            let isName = !server.key.isEmpty && server.key.count <= nameLength
            guard isName, server.key.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw ConfigurationError(message: "a server's name must have 1 to \(nameLength) printable characters")
            }
            do throws(ConfigurationError) {
                if let entry = try entry(server.key, server.value, variables) { entries.append(entry) }
            } catch {
                throw ConfigurationError(message: "mcpServers.\(server.key): \(error.message)")
            }
        }
        return entries
    }

    /// - Returns: `nil` for one that is switched off.
    private static func entry(
        _ name: String, _ value: JSON, _ variables: [String: String]
    ) throws(ConfigurationError) -> ToolServerEntry? {
        guard let members = value.objectValue else { throw mismatch("it", "an object", value) }
        if members["disabled"] == true { return nil }
        let type = try string("type", members)
        guard members["url"] == nil, type == nil || type == "stdio" else {
            throw ConfigurationError(
                message: """
                    only servers that are started as programs (type stdio, with a command) can be used, not those that \
                    are reached by a URL
                    """)
        }
        guard let command = try string("command", members), !command.isEmpty else {
            throw ConfigurationError(message: "it lacks command, the program to start")
        }
        var entry = ToolServerEntry(name: name, command: try VariableReferences.expand(command, from: variables))
        for argument in try array("args", members) {
            guard let text = argument.stringValue else { throw mismatch("each of args", "a string", argument) }
            entry.arguments.append(try VariableReferences.expand(text, from: variables))
        }
        for setting in try object("env", members) {
            guard let text = setting.value.stringValue else {
                throw mismatch("env.\(setting.key)", "a string", setting.value)
            }
            guard !setting.key.isEmpty, !setting.key.contains("=") else {
                throw ConfigurationError(message: "env has a variable whose name is empty or contains =")
            }
            entry.environment[setting.key] = try VariableReferences.expand(text, from: variables)
        }
        entry.workingDirectory = try string("cwd", members)
        return entry
    }

    private static func string(_ name: String, _ members: JSONObject) throws(ConfigurationError) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.stringValue else { throw mismatch(name, "a string", value) }
        return text
    }

    private static func array(_ name: String, _ members: JSONObject) throws(ConfigurationError) -> [JSON] {
        guard let value = members[name] else { return [] }
        guard let elements = value.arrayValue else { throw mismatch(name, "an array of strings", value) }
        return elements
    }

    private static func object(_ name: String, _ members: JSONObject) throws(ConfigurationError) -> JSONObject {
        guard let value = members[name] else { return JSONObject() }
        guard let object = value.objectValue else { throw mismatch(name, "an object of strings", value) }
        return object
    }

    private static func mismatch(_ what: String, _ kind: String, _ found: JSON) -> ConfigurationError {
        ConfigurationError(message: "\(what) must be \(kind), not \(found.kindDescription)")
    }
}
