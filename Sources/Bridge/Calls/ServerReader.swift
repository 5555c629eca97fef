import JSON
import MCPClient
import MCPServers
import Threading

/// Reads a server's resources and prompts.
struct ServerReader: Sendable {
    /// Limits of one list: a server's pages can go on without end.
    private static let (maxPages, maxElements) = (100, 5000)

    let server: BridgeServer
    let privateData: ServerDataFilter
    /// The calls of the command that reads.
    let calls: CommandCalls

    func resources() async throws(BridgeError) -> JSON {
        try await use("its resources", .init("resources/list")) { (client) throws(MCPClientError) in
            guard client.server.offers("resources") else { return ["resources": [], "templates": []] }
            let resources = try await Self.list("resources/list", "resources", client, size: limit)
            var templates: [JSON] = []
            do throws(MCPClientError) {
                templates = try await Self.list("resources/templates/list", "resourceTemplates", client, size: limit)
            } catch {
                // Many servers have resources and no such method.
                guard case .refused = error else { throw error }
            }
            return ["resources": .array(resources), "templates": .array(templates)]
        }
    }

    /// Whether the server lists a resource with this URI.
    func lists(_ uri: String) async -> Bool {
        let version = server.resourcesVersion
        if let known = server.listedResources.withLock({ $0 }), known.version == version {
            return known.uris.contains(ExactText(uri))
        }
        guard let listed = try? await resources()["resources"]?.arrayValue else { return false }
        let uris = Set(listed.compactMap { $0["uri"]?.stringValue.map { ExactText($0) } })
        // Of the version before: a change meanwhile counts as one.
        server.listedResources.withLock { $0 = (version, uris) }
        return uris.contains(ExactText(uri))
    }

    func read(_ uri: String) async throws(BridgeError) -> JSON {
        let params = privateData.restored(["uri": .string(uri)])
        return try await use("the resource \(beginning(uri))", .init("resources/read", params)) {
            (client) throws(MCPClientError) in
            let result = try await client.fetch(
                "resources/read", params, timeLimit: seconds, elicitation: NoElicitation())
            return ["contents": result.members["contents"] ?? []]
        }
    }

    func prompts() async throws(BridgeError) -> JSON {
        try await use("its prompts", .init("prompts/list")) { (client) throws(MCPClientError) in
            guard client.server.offers("prompts") else { return ["prompts": []] }
            return ["prompts": .array(try await Self.list("prompts/list", "prompts", client, size: limit))]
        }
    }

    func prompt(_ name: String, _ arguments: JSONObject) async throws(BridgeError) -> JSON {
        let params = privateData.restored(["name": .string(name), "arguments": .object(arguments)])
        return try await use("the prompt \(beginning(name))", .init("prompts/get", params)) {
            (client) throws(MCPClientError) in
            var result = try await client.fetch(
                "prompts/get", params, timeLimit: seconds, elicitation: NoElicitation()
            ).members
            result["resultType"] = nil
            return result
        }
    }

    private func beginning(_ text: String) -> String { privateData.beginning(of: text, 200) ?? text }

    private var seconds: Double { server.entry.settings.timeout }
    private var limit: Int { server.entry.settings.maxResult }

    private func use(
        _ what: String, _ request: ServerRequest,
        _ body: @Sendable (MCPClient) async throws(MCPClientError) -> JSONObject
    ) async throws(BridgeError) -> JSON {
        do throws(BridgeError) {
            let result = try await server.exchange(request) { () async throws(BridgeError) in
                do throws(SupervisionError) {
                    let members = try await server.use { [server, calls] (client) throws(MCPClientError) in
                        try await server.relay.during(readOf: calls) { () async throws(MCPClientError) in
                            try await body(client)
                        }
                    }
                    return RawToolResult(members: members, size: 0)
                } catch {
                    throw BridgeError(error, of: what, on: server.name, limit: limit, isRead: true)
                }
            }
            return .object(privateData.received(result).members)
        } catch {
            throw privateData.received(error)
        }
    }

    /// Returns the elements of all pages; no more than the limits allow.
    private static func list(
        _ method: String, _ name: String, _ client: MCPClient, size limit: Int
    ) async throws(MCPClientError) -> [JSON] {
        var elements: [JSON] = []
        var params = JSONObject()
        var size = 0
        for _ in 0..<maxPages {
            let page = try await client.fetch(method, params)
            size += page.size
            elements += page.members[name]?.arrayValue ?? []
            guard let cursor = page.members["nextCursor"]?.stringValue, !cursor.isEmpty, size < limit,
                elements.count < maxElements, params["cursor"]?.stringValue != cursor
            else { break }
            params["cursor"] = .string(cursor)
        }
        return Array(elements.prefix(maxElements))
    }
}
