import JSON
import SystemCalls

/// Decides which of a server's tools are offered, from the settings that hosts have for it. Names may be glob patterns
/// (`*`, `?`, `[…]`) and may have the server's name as a prefix, as in some hosts.
public struct ToolFilter: Sendable, Equatable {
    /// Allows no tool.
    static let nothing = ToolFilter(allowances: [[]])

    /// Allow lists; a tool must be in each of them.
    private(set) var allowances: [[String]] = []
    /// Names of disabled tools.
    private(set) var denials: [String] = []
    /// Rules from outside the server's entry; the last one that matches a tool wins.
    var switches: [ToolSwitch] = []

    /// Allows all tools.
    public static let everything = ToolFilter(allowances: [])

    /// Whether a tool of this server is offered.
    public func allows(_ tool: String, of server: String) -> Bool {
        allowances.allSatisfy { $0.contains { Self.names($0, tool, server) } }
            && !denials.contains { Self.names($0, tool, server) }
            && switches.last { Self.names($0, tool, server) }?.isOn != false
    }

    private static func names(_ toolSwitch: ToolSwitch, _ tool: String, _ server: String) -> Bool {
        if toolSwitch.acceptsPlainNames, matches(toolSwitch.pattern, tool) { return true }
        // Hosts replace other characters of a server's name with an underscore.
        let written = String(server.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) ? $0 : "_" })
        let servers = server == written ? [server] : [server, written]
        return servers.contains { server in
            matches(toolSwitch.pattern, "mcp__\(server)")
                || prefixes(of: server).contains { matches(toolSwitch.pattern, $0 + tool) }
        }
    }

    /// The prefixes that hosts put before the name of a server's tool.
    private static func prefixes(of server: String) -> [String] {
        ["mcp__\(server)__", "mcp_\(server)_", "\(server)__", "\(server)_", "\(server)."]
    }

    /// Returns the configured names that match none of these tools.
    func unknown(among tools: [String], of server: String) -> [String] {
        (allowances.joined() + denials).filter { pattern in
            !Self.isPattern(pattern) && !tools.contains { Self.names(pattern, $0, server) }
        }
    }

    private static func isPattern(_ name: String) -> Bool { name.contains { "*?[".contains($0) } }

    private static func names(_ pattern: String, _ tool: String, _ server: String) -> Bool {
        if matches(pattern, tool) { return true }
        for prefix in prefixes(of: server) where pattern.hasPrefix(prefix) {
            if matches(String(pattern.dropFirst(prefix.count)), tool) { return true }
        }
        return false
    }

    private static func matches(_ pattern: String, _ name: String) -> Bool {
        pattern.utf8.elementsEqual(name.utf8) || (isPattern(pattern) && fnmatch(pattern, name, FNM_NOESCAPE) == 0)
    }
}

// Parsing of a server's entry.
extension ToolFilter {
    private static let allowing: Set<String> = [
        "enabledtools", "enabletools", "includetools", "includedtools", "availabletools", "allowedtools", "allowtools",
    ]
    private static let denying: Set<String> = [
        "disabledtools", "disabletools", "excludetools", "excludedtools", "disallowedtools", "deniedtools", "denytools",
        "blockedtools",
    ]
    private static let either: Set<String> = ["tools", "toolfilter", "toolfilters"]
    /// Names of allow lists within one of `either`.
    private static let including: Set<String> = ["include", "included", "allow", "allowed", "enabled"]
    private static let excluding: Set<String> = [
        "exclude", "excluded", "deny", "denied", "disabled", "rejected", "blocked",
    ]

    /// Parses the members of a server's entry that concern tools.
    ///
    /// - Throws: ``ServerConfigurationError`` if the format of one doesn't reveal what is disabled.
    init(members: JSONObject) throws(ServerConfigurationError) {
        for member in members where member.value != .null {
            let name = Self.plain(member.key)
            if Self.allowing.contains(name) {
                let names = try Self.list(member.value, member.key)
                // The one host with this name writes an empty list for all tools.
                if name != "availabletools" || !names.isEmpty { allow(names) }
            } else if Self.denying.contains(name) {
                denials += try Self.list(member.value, member.key)
            } else if Self.either.contains(name) {
                try add(member.value, member.key)
            }
        }
    }

    private mutating func allow(_ names: [String]) {
        if !names.contains("*") { allowances.append(names) }
    }

    /// Adds a member whose format determines whether it enables or disables tools.
    private mutating func add(_ value: JSON, _ name: String) throws(ServerConfigurationError) {
        guard let members = value.objectValue else {
            allow(try Self.list(value, name))
            return
        }
        let lists = members.filter { $0.value.arrayValue != nil }
        for list in lists {
            let names = try Self.list(list.value, "\(name).\(list.key)")
            if Self.including.contains(Self.plain(list.key)) {
                allow(names)
            } else if Self.excluding.contains(Self.plain(list.key)) {
                denials += names
            } else {
                throw Self.mismatch("\(name).\(list.key)", "true or false", list.value)
            }
        }
        guard lists.isEmpty else { return }
        var on: [String] = []
        var off: [String] = []
        for tool in members where tool.value != .null {
            if let settings = tool.value.objectValue {
                // A host's other settings for one tool say nothing about the other tools.
                if try !Self.isOn(settings, "\(name).\(tool.key)") { off.append(tool.key) }
            } else if let flag = ServerEntryParser.flag(tool.value) {
                if flag { on.append(tool.key) } else { off.append(tool.key) }
            } else {
                throw Self.mismatch("\(name).\(tool.key)", "true or false", tool.value)
            }
        }
        if !on.isEmpty {
            allow(on)
            // A tool enabled by name stays enabled, whatever applies to the rest.
            if !on.contains("*") { off.removeAll { $0 == "*" } }
        }
        denials += off
    }

    private static func isOn(_ tool: JSONObject, _ name: String) throws(ServerConfigurationError) -> Bool {
        for (key, whenOn) in [("enabled", true), ("disabled", false)] {
            guard let value = tool.given(key) else { continue }
            guard let flag = ServerEntryParser.flag(value) else {
                throw mismatch("\(name).\(key)", "true or false", value)
            }
            if flag != whenOn { return false }
        }
        return true
    }

    private static func list(_ value: JSON, _ name: String) throws(ServerConfigurationError) -> [String] {
        guard let elements = value.arrayValue else { throw mismatch(name, "an array of strings", value) }
        var names: [String] = []
        for element in elements {
            guard let text = element.stringValue else { throw mismatch("each of \(name)", "a string", element) }
            // Some hosts accept arguments after a name.
            names.append(String(text.prefix { $0 != "(" }))
        }
        return names
    }

    private static func plain(_ name: String) -> String {
        String(name.lowercased().filter { $0 != "_" && $0 != "-" })
    }

    private static func mismatch(_ what: String, _ kind: String, _ found: JSON) -> ServerConfigurationError {
        ServerConfigurationError(
            message: "\(what) must be \(kind), not \(found.kindDescription): none of its tools is offered")
    }
}
