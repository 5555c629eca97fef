import JSON

/// The format of a host's file, and the form of a server's entry in it.
enum ConfigFormat: Sendable {
    /// JSON as editors accept it. The entry is a member of the root's member `section`.
    case json(section: String, entry: @Sendable (ServerEntry) -> JSONObject)
    /// Codex's TOML: the entry is a table in `mcp_servers`.
    case toml
    /// Goose's YAML: the entry is a member of the map `extensions`.
    case yaml
}

extension ConfigFormat {
    /// Returns the text of a file that contains only this entry.
    func block(_ entry: ServerEntry) -> String {
        switch self {
        case .json(let section, let members):
            let entries = JSON.object([entry.name: .object(members(entry))])
            return JSONText.lines(.object([section: entries])) + "\n"
        case .toml:
            return CodexEntry(entry).lines.map { $0 + "\n" }.joined()
        case .yaml:
            let lines =
                [GooseEntry.section + ":", "  \(YAMLText.name(entry.name)):"]
                + GooseEntry(entry).fields.map { "    " + $0 }
            return lines.map { $0 + "\n" }.joined()
        }
    }

    /// Sets the entry in the text of a file.
    ///
    /// - Throws: ``EditError`` if the text can't be parsed, or has a form that can't be extended.
    func set(_ entry: ServerEntry, in text: [UInt8]) throws(EditError) -> EditedText {
        switch self {
        case .json(let section, let members):
            return try JSONCEditor(text).set(.object(members(entry)), named: entry.name, in: section)
        case .toml:
            return try TOMLEditor(text).set(CodexEntry.path(entry), to: ConfigFormat.toml.block(entry))
        case .yaml:
            let goose = GooseEntry(entry)
            return try YAMLEditor(text)
                .set(goose.value, fields: goose.fields, named: entry.name, in: GooseEntry.section)
        }
    }
}

/// An entry in Codex's format. A JSON string is also a valid TOML string.
private struct CodexEntry {
    let lines: [String]

    static func path(_ entry: ServerEntry) -> [String] { ["mcp_servers", entry.name] }

    init(_ entry: ServerEntry) {
        let arguments = JSONText.line(.array(entry.arguments.map(JSON.string)))
        lines =
            ["[\(Self.path(entry).joined(separator: "."))]", "command = \(JSON.string(entry.program).text)"]
            + (entry.arguments.isEmpty ? [] : ["args = \(arguments)"])
            + [
                "# By default, Codex gives up on a call after 60 seconds; "
                    + "exec-mcp allows commands of up to \(entry.maxCallSeconds).",
                "tool_timeout_sec = \(entry.hostTimeout)",
            ] + Self.approval(entry)
    }
}

extension CodexEntry {
    /// Codex asks before each call of a tool that runs code, and rejects the call if there is no terminal to ask on.
    private static func approval(_ entry: ServerEntry) -> [String] {
        let setting = "default_tools_approval_mode = \"approve\""
        guard entry.isConfined else {
            return [
                "# Codex asks before each call; codex exec, which cannot ask, rejects every call. Code run here",
                "# reaches beyond its sandbox: approve calls in advance only if you would let it do that unattended.",
                "# " + setting,
            ]
        }
        return [
            "# Codex asks before each call; codex exec, which cannot ask, rejects every call. Code run here is",
            "# confined to its sandbox. To be asked before each call, remove the next line.",
            setting,
        ]
    }
}

/// An entry in Goose's format.
private struct GooseEntry {
    static let section = "extensions"

    let value: JSON
    let fields: [String]

    init(_ entry: ServerEntry) {
        value = [
            "enabled": true, "type": "stdio", "name": .string(entry.name), "cmd": .string(entry.program),
            "args": .array(entry.arguments.map(JSON.string)), "envs": [:], "env_keys": [],
            "timeout": .integer(entry.hostTimeout),
        ]
        fields = [
            "enabled: true",
            "type: stdio",
            "name: \(YAMLText.name(entry.name))",
            "cmd: \(YAMLText.quoted(entry.program))",
            "args: \(YAMLText.list(entry.arguments))",
            "envs: {}",
            "env_keys: []",
            "# Seconds; exec-mcp allows commands of up to \(entry.maxCallSeconds).",
            "timeout: \(entry.hostTimeout)",
        ]
    }
}
