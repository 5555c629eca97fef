import JSON
import SystemCalls

/// Which tools of a server are to be offered, by what hosts have of it in their files. Names may have the signs `*`, `?`
/// and `[…]`, and the server's name in front, as some hosts have them.
public struct ToolFilter: Sendable, Equatable {
    /// Lets no tool through.
    static let nothing = ToolFilter(allowances: [[]])

    /// Lists of names of which a tool must be in each.
    private(set) var allowances: [[String]] = []
    /// Names of tools that are switched off.
    private(set) var denials: [String] = []
    /// What the file says of tools outside of the server's entry; of those that fit a tool the last counts.
    var switches: [ToolSwitch] = []

    /// Lets all tools through.
    public static let everything = ToolFilter(allowances: [])

    /// Whether a tool of this server is to be offered.
    func allows(_ tool: String, of server: String) -> Bool {
        allowances.allSatisfy { $0.contains { Self.names($0, tool, server) } }
            && !denials.contains { Self.names($0, tool, server) }
            && switches.last { Self.names($0, tool, server) }?.isOn != false
    }

    private static func names(_ toolSwitch: ToolSwitch, _ tool: String, _ server: String) -> Bool {
        if toolSwitch.takesPlainNames, matches(toolSwitch.pattern, tool) { return true }
        // Hosts write other signs of a server's name as this one.
        let written = String(server.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) ? $0 : "_" })
        let servers = server == written ? [server] : [server, written]
        return servers.contains { server in
            matches(toolSwitch.pattern, "mcp__\(server)")
                || prefixes(of: server).contains { matches(toolSwitch.pattern, $0 + tool) }
        }
    }

    /// What hosts write before the name of a server's tool.
    private static func prefixes(of server: String) -> [String] {
        ["mcp__\(server)__", "mcp_\(server)_", "\(server)__", "\(server)_", "\(server)."]
    }

    /// The names that stand for no tool of the server that has these.
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

// What a file has.
extension ToolFilter {
    private static let allowing: Set<String> = [
        "enabledtools", "enabletools", "includetools", "includedtools", "availabletools", "allowedtools", "allowtools",
    ]
    private static let denying: Set<String> = [
        "disabledtools", "disabletools", "excludetools", "excludedtools", "disallowedtools", "deniedtools", "denytools",
        "blockedtools",
    ]
    private static let either: Set<String> = ["tools", "toolfilter", "toolfilters"]
    /// What lists are called within one of `either`.
    private static let including: Set<String> = ["include", "included", "allow", "allowed", "enabled"]
    private static let excluding: Set<String> = [
        "exclude", "excluded", "deny", "denied", "disabled", "rejected", "blocked",
    ]

    /// Reads what the members of a server say of its tools.
    ///
    /// - Throws: ``ServerConfigurationError`` where one of them has a form in which it cannot be told what is switched off.
    init(members: JSONObject) throws(ServerConfigurationError) {
        for member in members where member.value != .null {
            let name = Self.plain(member.key)
            if Self.allowing.contains(name) {
                let names = try Self.list(member.value, member.key)
                // The one host that has this name writes an empty list for all.
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

    /// Adds what says of tools by what it holds whether they are on.
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
                // What else a host has of a single tool says nothing about the others.
                if try !Self.isOn(settings, "\(name).\(tool.key)") { off.append(tool.key) }
            } else if let flag = ServerEntryParser.flag(tool.value) {
                if flag { on.append(tool.key) } else { off.append(tool.key) }
            } else {
                throw Self.mismatch("\(name).\(tool.key)", "true or false", tool.value)
            }
        }
        if !on.isEmpty {
            allow(on)
            // What is on by name is on, whatever holds for the rest.
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
            // There are hosts that take arguments behind a name.
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
