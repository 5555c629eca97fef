import JSON

/// Enables or disables the tools that match a pattern.
struct ToolSwitch: Sendable, Equatable {
    /// A name or a glob pattern (`*`, `?`, `[…]`) that includes the server's name as a prefix.
    let pattern: String
    let isOn: Bool
    /// Whether the pattern may also match a tool's name without the server prefix.
    var acceptsPlainNames = false
}

/// The settings outside the server entries of a host's file: which servers are used, and which tools are disabled.
struct ServerSwitches {
    /// The only servers to use; `nil` for all.
    private var allowed: [String]?
    private var excluded: [String] = []
    /// Rules for tools, in ascending order of precedence.
    private(set) var tools: [ToolSwitch] = []

    /// Parses the settings that hosts have: `mcp.allowed` and `mcp.excluded`, `tools` with names and booleans or with
    /// `exclude`, `permission` and `permissions.deny`, and a few more.
    ///
    /// - Throws: ``ServerConfigurationError`` if the format of one doesn't reveal what is disabled.
    init(_ document: JSON) throws(ServerConfigurationError) {
        let mcp = document["mcp"]?["servers"] == nil ? document["mcp"] : nil
        if let value = Self.list(mcp?["allowed"]) ?? document["allowMCPServers"], value != .null {
            allowed = try Self.names(value, "mcp.allowed")
        }
        for (name, value) in [
            ("mcp.excluded", Self.list(mcp?["excluded"])), ("excludeMCPServers", document["excludeMCPServers"]),
            ("disabledMcpjsonServers", document["disabledMcpjsonServers"]),
        ] {
            if let value { excluded += try Self.names(value, name) }
        }
        try addTools(document)
    }

    /// Whether a server is used.
    func uses(_ server: String) -> Bool {
        allowed?.contains { $0.utf8.elementsEqual(server.utf8) } != false
            && !excluded.contains { $0.utf8.elementsEqual(server.utf8) }
    }

    private mutating func addTools(_ document: JSON) throws(ServerConfigurationError) {
        for member in document["tools"]?.objectValue ?? [:] {
            if let isOn = ServerEntryParser.flag(member.value) { add(ToolSwitch(pattern: member.key, isOn: isOn)) }
        }
        for member in document["permission"]?.objectValue ?? [:] {
            // Rules for single commands or paths apply to the host's own tools.
            guard let rule = member.value.stringValue else { continue }
            add(ToolSwitch(pattern: member.key, isOn: rule.lowercased() != "deny"))
        }
        tools.sort { $0.pattern.utf8.count < $1.pattern.utf8.count }
        for (name, value, acceptsPlainNames) in [
            ("tools.exclude", document["tools"]?["exclude"], true), ("excludeTools", document["excludeTools"], true),
            ("permissions.deny", document["permissions"]?["deny"], false),
            ("amp.tools.disable", document["amp.tools.disable"], false),
        ] {
            guard let value else { continue }
            // A rule with parentheses is about the arguments of a host's own tool.
            for pattern in try Self.names(value, name) where !pattern.contains("(") {
                add(ToolSwitch(pattern: pattern, isOn: false, acceptsPlainNames: acceptsPlainNames))
            }
        }
    }

    private mutating func add(_ toolSwitch: ToolSwitch) { tools.append(toolSwitch) }

    /// Returns `nil` for an object, which is a server: other hosts' files may have a server of that name.
    private static func list(_ value: JSON?) -> JSON? { value?.objectValue == nil ? value : nil }

    private static func names(_ value: JSON, _ name: String) throws(ServerConfigurationError) -> [String] {
        if value == .null { return [] }
        var names: [String] = []
        for element in value.arrayValue ?? [value] {
            guard let text = element.stringValue else {
                throw ServerConfigurationError(
                    message: """
                        \(name) must be an array of strings, not \(value.kindDescription): none of the servers is used
                        """)
            }
            names.append(text)
        }
        return names
    }
}
