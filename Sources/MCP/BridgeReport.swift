public import JSON

/// What exec-mcp says about the MCP servers whose tools code in its sandboxes calls: a member of `_meta` in the result of
/// `prompts/get`. Specific to exec-mcp, not part of MCP.
public struct BridgeReport: Sendable, Equatable {
    /// The key in `_meta`.
    public static let metaKey = "exec-mcp/bridge"
    /// The maximum numbers of servers and of characters of a text that are read.
    private static let (maxServers, maxLength) = (1000, 500)
    private static let maxCount = 1_000_000_000

    /// One of the servers.
    public struct Server: Sendable, Equatable {
        /// Its name in the configuration.
        public let name: String
        /// How many tools it offers; 0 if they are unknown.
        public let tools: Int
        /// Why its tools are unknown; `nil` if they are known.
        public let failure: String?

        /// A server.
        public init(name: String, tools: Int, failure: String? = nil) {
            self.name = name
            self.tools = tools
            self.failure = failure
        }
    }

    /// The servers, in the order of the configuration.
    public let servers: [Server]
    /// About how many tokens the definitions of their tools would take in each request to a model.
    public let schemaTokens: Int
    /// About how many tokens the section of the system prompt about them takes.
    public let promptTokens: Int

    /// A report.
    public init(servers: [Server], schemaTokens: Int, promptTokens: Int) {
        self.servers = servers
        self.schemaTokens = schemaTokens
        self.promptTokens = promptTokens
    }

    /// The member of `_meta`.
    public var json: JSON {
        let servers = servers.map { server -> JSON in
            var members: JSONObject = ["name": .string(server.name), "tools": .integer(server.tools)]
            members["error"] = server.failure.map(JSON.string)
            return .object(members)
        }
        return [
            "servers": .array(servers), "schemaTokens": .integer(schemaTokens), "promptTokens": .integer(promptTokens),
        ]
    }

    /// Parses the member of `_meta`; `nil` if it isn't one. Texts and numbers are bounded.
    public init?(_ value: JSON?) {
        guard let entries = value?["servers"]?.arrayValue else { return nil }
        servers = entries.prefix(Self.maxServers).compactMap { entry in
            guard let name = entry["name"]?.stringValue else { return nil }
            return Server(
                name: String(name.prefix(Self.maxLength)), tools: Self.count(entry["tools"]),
                failure: entry["error"]?.stringValue.map { String($0.prefix(Self.maxLength)) })
        }
        schemaTokens = Self.count(value?["schemaTokens"])
        promptTokens = Self.count(value?["promptTokens"])
    }

    private static func count(_ value: JSON?) -> Int {
        min(max(value?.integerValue ?? 0, 0), maxCount)
    }
}
