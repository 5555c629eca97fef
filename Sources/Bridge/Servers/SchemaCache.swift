import BridgeModules
import Hashing
import JSON
import MCP
import MCPServers
import SystemCalls

/// Keeps the lists of servers' tools between runs, so that a server need not be started only to know them, and what
/// results of these tools looked like.
struct SchemaCache: Sendable {
    /// Increment when the format changes.
    private static let format = 1
    private static let (listings, shapes) = ("schemas", "shapes")
    private static let maxBytes = 16 << 20
    private static let maxFiles = 200

    private let state: StateDirectory

    init(in state: StateDirectory) {
        self.state = state
    }

    /// A server's tools as listed last.
    struct Listing: Sendable, Equatable {
        var tools: [Tool]
    }

    /// Returns the cached listing of the server that an entry starts; `nil` if none.
    func listing(of entry: ToolServerEntry, path: String?) -> Listing? {
        read(Self.file(of: entry, path: path))?["tools"]?.arrayValue.map { Listing(tools: $0.compactMap(Self.tool)) }
    }

    /// Stores a listing. Failures are ignored: the next run asks the server again.
    func store(_ listing: Listing, of entry: ToolServerEntry, path: String?) {
        let tools = listing.tools.map { $0.json(for: .july2026) }
        write(.array(tools), to: Self.file(of: entry, path: path), in: Self.listings)
    }

    // MARK: - Results

    /// Returns what results of a server's tools looked like, by the tools' names.
    ///
    /// - Parameter user: whose calls they were; `nil` for those of all users.
    func shapes(of entry: ToolServerEntry, path: String?, user: String?) -> [String: ResultShapes.Entry] {
        Self.entries(read(Self.file(of: entry, path: path, user: user))?["tools"]?.objectValue ?? JSONObject())
    }

    /// Stores what results of a server's tools looked like. Failures are ignored: it is learned again.
    func store(_ entries: [String: ResultShapes.Entry], of entry: ToolServerEntry, path: String?, user: String?) {
        write(Self.stored(entries), to: Self.file(of: entry, path: path, user: user), in: Self.shapes)
    }

    /// What was learned of results, for a file.
    static func stored(_ entries: [String: ResultShapes.Entry]) -> JSON {
        var tools = JSONObject()
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            var members = entry.shape.stored.objectValue ?? JSONObject()
            members["definition"] = .string(entry.definition)
            tools[name] = .object(members)
        }
        return .object(tools)
    }

    /// Reads what ``stored(_:)`` wrote. Damaged entries are left out.
    static func entries(_ stored: JSONObject) -> [String: ResultShapes.Entry] {
        stored.prefix(ResultShapes.maxTools).reduce(into: [:]) { entries, member in
            guard let definition = member.value["definition"]?.stringValue,
                let shape = ResultShape(stored: member.value)
            else { return }
            entries[member.key] = ResultShapes.Entry(definition: definition, shape: shape)
        }
    }

    // MARK: - Files

    private func read(_ file: String) -> JSON? {
        guard let bytes = state.read(file, limit: Self.maxBytes), let value = try? JSON.parse(bytes),
            value["format"]?.integerValue == Self.format
        else { return nil }
        return value
    }

    private func write(_ tools: JSON, to file: String, in directory: String) {
        let bytes = JSON.object(["format": .integer(Self.format), "tools": tools]).serialized()
        guard bytes.count <= Self.maxBytes else { return }
        state.write(bytes, to: file)
        state.prune(directory, to: Self.maxFiles)
    }

    /// Reads a tool as ``Tool/json(for:)`` writes it.
    static func tool(_ value: JSON) -> Tool? {
        guard let name = value["name"]?.stringValue, let schema = value["inputSchema"] else { return nil }
        return Tool(
            name: name, title: value["title"]?.stringValue ?? name,
            description: value["description"]?.stringValue ?? "", inputSchema: schema,
            outputSchema: value["outputSchema"], annotations: value["annotations"]?.objectValue ?? JSONObject())
    }

    private static func file(of entry: ToolServerEntry, path: String?) -> String {
        "\(listings)/\(SHA256.hexDigest(of: key(of: entry, path: path).serialized())).json"
    }

    private static func file(of entry: ToolServerEntry, path: String?, user: String?) -> String {
        let key: JSON = [key(of: entry, path: path), user.map { .string($0) } ?? .null]
        return "\(shapes)/\(SHA256.hexDigest(of: key.serialized())).json"
    }

    /// What decides which tools a server has: its program, what it is told, and what it can look up. Of variables and
    /// headers only the names count, because the values may be secrets that change.
    private static func key(of entry: ToolServerEntry, path: String?) -> JSON {
        if let url = entry.url {
            let headers = entry.headers.keys.map { $0.lowercased() }.sorted()
            return [.string(url), .array(headers.map { .string($0) })]
        }
        let program = Executables.find(entry.command, on: entry.environment["PATH"] ?? path)
        var status = stat()
        var version: [JSON] = []
        if let program, stat(program, &status) == 0 {
            version = [
                .string(program), .integer(Int(status.modificationTime.tv_sec)),
                .integer(Int(status.modificationTime.tv_nsec)), .integer(Int(status.st_size)),
            ]
        }
        return [
            .string(entry.command), .array(entry.arguments.map { .string($0) }),
            .array(entry.environment.keys.sorted().map { .string($0) }),
            entry.workingDirectory.map { .string($0) } ?? .null, .array(version),
        ]
    }
}
