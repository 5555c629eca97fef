import JSON
import YAML

@testable import HostConfiguration

extension Property {
    private static let entry = ServerEntry(program: "/opt/exec-mcp", arguments: ["--user", "a \"b\" \\é"])

    /// An edit of any text fails, or keeps all else that the text says. Once set, the entry is there.
    static let jsonHosts = Property(name: "json-hosts") { bytes throws(BrokenPropertyError) in
        let section = "servers"
        let value: JSONObject = ["command": .string(entry.program), "env": [:]]
        let format = ConfigFormat.json(section: section) { _ in value }
        guard let edited = try edit(bytes, format, replacing: " \t\r\n"), let old = json(bytes) else { return }
        var entries = old[section]?.objectValue ?? [:]
        entries[entry.name] = .object(value)
        var expected = old
        expected[section] = .object(entries)
        try hold(json(edited.bytes) == expected, "something else is read")
    }

    /// As ``jsonHosts``, for Codex's TOML.
    static let tomlHosts = Property(name: "toml-hosts") { bytes throws(BrokenPropertyError) in
        guard let edited = try edit(bytes, .toml, replacing: "") else { return }
        try hold(otherStatements(edited.bytes) == otherStatements(bytes), "something else is said")
        if edited.change == .added { try hold(edited.bytes.starts(with: bytes), "added in the middle") }
    }

    /// As ``jsonHosts``, for Goose's YAML.
    static let yamlHosts = Property(name: "yaml-hosts") { bytes throws(BrokenPropertyError) in
        // An empty map or null in the entry's place gives way to it.
        guard let edited = try edit(bytes, .yaml, replacing: " \t\r\n{}~nul") else { return }
        try hold(otherExtensions(edited.bytes) == otherExtensions(bytes), "something else is read")
    }

    /// - Parameter replaceable: what need not be kept when the entry is added.
    private static func edit(
        _ bytes: [UInt8], _ format: ConfigFormat, replacing replaceable: String
    ) throws(BrokenPropertyError) -> EditedText? {
        guard let edited = try? format.set(entry, in: bytes) else { return nil }
        if edited.change == .none { try hold(edited.bytes == bytes, "changed without a change") }
        if edited.change == .added {
            let kept = bytes.filter { !replaceable.utf8.contains($0) }
            try hold(isSubsequence(kept, of: edited.bytes), "a byte is lost")
        }
        guard let again = try? format.set(entry, in: edited.bytes) else {
            throw BrokenPropertyError(description: "what was written is not understood")
        }
        try hold(again.change == .none && again.bytes == edited.bytes, "the entry is not found again")
        return edited
    }

    private static func isSubsequence(_ old: [UInt8], of new: [UInt8]) -> Bool {
        var rest = old[...]
        for byte in new where byte == rest.first { rest = rest.dropFirst() }
        return rest.isEmpty
    }

    /// The object that a text with comments says; nil where a strict reader does not take it.
    private static func json(_ bytes: [UInt8]) -> JSONObject? {
        var scanner = JSONCScanner(TextLayout(bytes))
        guard let root = try? scanner.document() else { return nil }
        return scanner.json(root.range)?.objectValue
    }

    private struct Statement: Equatable {
        let kind: TOMLStatement.Kind
        let text: String
    }

    /// What is said outside of the entry's own tables.
    private static func otherStatements(_ bytes: [UInt8]) -> [Statement]? {
        var scanner = TOMLScanner(TextLayout(bytes))
        guard let statements = try? scanner.statements() else { return nil }
        let path = ["mcp_servers", entry.name]
        var isOwn = false
        return statements.compactMap { statement in
            switch statement.kind {
            case .table(let name), .arrayOfTables(let name): isOwn = name.starts(with: path)
            case .pair: break
            }
            // The last line may come to have a break.
            let text = bytes[statement.range].trimmingPrefix(while: TextLayout.isWhiteSpace).reversed()
                .trimmingPrefix(while: TextLayout.isWhiteSpace)
            return isOwn ? nil : Statement(kind: statement.kind, text: String(decoding: text.reversed(), as: UTF8.self))
        }
    }

    private static func otherExtensions(_ bytes: [UInt8]) -> JSON? {
        guard let document = try? YAML.parse(String(decoding: bytes, as: UTF8.self)) else { return nil }
        var members = document.objectValue ?? [:]
        var extensions = members["extensions"]?.objectValue ?? [:]
        extensions[entry.name] = nil
        members["extensions"] = .object(extensions)
        return .object(members)
    }
}
