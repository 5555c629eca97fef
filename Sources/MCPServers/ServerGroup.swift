public import JSON
public import MCP
import MCPClient
public import Threading

/// A group of supervised servers: merges their tools under unique names, and their resources.
public final class ServerGroup: Sendable {
    /// A tool of one of the servers.
    public struct NamedTool: Sendable {
        /// The name, unique within the group.
        public let name: String
        /// The server that provides it.
        public let server: ToolServer
        /// The tool as listed by its server.
        public let tool: Tool
    }

    /// Default number of seconds that the other servers wait for one to start and list its tools.
    public static let usualStartSeconds = 30.0

    /// The servers, in the order in which they are queried.
    public let servers: [ToolServer]
    private let tools: [ServerTools]
    private let names = Locked(ToolNames([]))
    private let late: LateServers
    /// Servers that failed to list their tools last time.
    private let unreachable = Locked<Set<ObjectIdentifier>>([])
    private let onNotice: @Sendable (ServerNotice) -> Void

    /// A group of servers. Each is started on first use.
    ///
    /// - Parameters:
    ///   - startSeconds: how long the other servers wait for one whose entry has no limit.
    ///   - onNotice: called with events that no error reports.
    public init(
        _ servers: [ToolServer], clock: MonotonicClock = .system, startSeconds: Double = usualStartSeconds,
        onNotice: @escaping @Sendable (ServerNotice) -> Void
    ) {
        self.servers = servers
        self.onNotice = onNotice
        tools = servers.map { ServerTools(of: $0, onNotice: onNotice) }
        late = LateServers(seconds: startSeconds, clock: clock)
    }

    /// Lists the tools of all servers that start in time; the others are reported by notices.
    ///
    /// - Throws: ``ToolServerError`` if there are no tools and a server failed.
    public func allTools() async throws(ToolServerError) -> [NamedTool] {
        let outcomes = await outcomesOfTools()
        let failed = zip(servers, outcomes).compactMap { server, outcome in
            if case .failure = outcome { ObjectIdentifier(server) } else { nil }
        }
        unreachable.withLock { $0 = Set(failed) }
        let (found, late, others) = Self.parted(outcomes, servers)
        // An unreachable server keeps its tools' names, so that none comes to refer to another server's tool.
        let names = ToolNames(
            tools.enumerated().map { ($1.server.name, (found[$0] ?? $1.lastKnown).map(\.name)) })
        self.names.withLock { $0 = names }
        let named = found.enumerated().flatMap { number, tools in
            zip(names.names[number], tools ?? []).map { name, tool in
                NamedTool(name: name, server: servers[number], tool: tool)
            }
        }
        return try checked(named, late + others)
    }

    /// The unique names from the last ``allTools()``, in no particular order.
    public var toolNames: [String] { names.withLock { Array($0.places.keys) } }

    /// Returns the server and the original name of the tool with a unique name; `nil` if none.
    public func tool(named name: String) -> (server: ToolServer, name: String)? {
        names.withLock { $0.places[name] }.map { (servers[$0.server], $0.name) }
    }

    /// Whether the last ``allTools()`` got this server's tools; true before the first call.
    public func isReachable(_ server: ToolServer) -> Bool {
        !unreachable.withLock { $0.contains(ObjectIdentifier(server)) }
    }

    /// Asks each server for its tools. If none has any in time, waits for the late ones without the limit, because
    /// nothing can proceed without tools.
    private func outcomesOfTools() async -> [Result<[Tool], SupervisionError>] {
        let outcomes = await results(tools, \.server) { (tools) throws(SupervisionError) in try await tools.current() }
        let isLate = outcomes.map { if case .failure(.late) = $0 { true } else { false } }
        let areNone = outcomes.allSatisfy { ((try? $0.get()) ?? []).isEmpty }
        guard areNone, isLate.contains(true) else { return outcomes }
        let lateTools = zip(tools, isLate).filter(\.1).map(\.0)
        onNotice(.waiting(servers: lateTools.map(\.server.name)))
        var rest = await results(lateTools, \.server, isLimited: false) { (tools) throws(SupervisionError) in
            try await tools.current()
        }
        return zip(outcomes, isLate).map { $1 ? rest.removeFirst() : $0 }
    }

    /// Lists the resources of all servers, in the order of the servers.
    ///
    /// - Parameters:
    ///   - meta: added to the requests' `_meta`.
    ///   - body: transforms a resource; `nil` omits it.
    /// - Throws: ``ToolServerError`` if there is no resource and a server failed.
    public func resources<Element: Sendable>(
        meta: JSONObject, _ body: @Sendable (Resource) -> Element?
    ) async throws(ToolServerError) -> [Element] {
        let outcomes = await results(servers, \.self) { (server) throws(SupervisionError) in
            try await server.use(again: true) { (client) throws(MCPClientError) in
                try await client.listResources(meta: meta)
            }
        }
        let (found, late, failures) = Self.parted(outcomes, servers)
        let elements = found.flatMap { $0 ?? [] }.compactMap(body)
        // If another server has answered, a late one counts as having no resources.
        guard found.contains(where: { $0 != nil }) else { return try checked(elements, failures + late) }
        late.forEach(onNotice)
        return try checked(elements, failures)
    }

    /// Reads a resource from the first server that has it.
    ///
    /// - Parameter meta: added to the request's `_meta`.
    /// - Returns: `nil` if no server has it.
    /// - Throws: ``ToolServerError`` if none has it and one failed.
    public func readResource(
        _ uri: String, meta: JSONObject
    ) async throws(ToolServerError) -> ResourceContents? {
        var failure: ToolServerError?
        for server in servers {
            do {
                let started = await late.value(of: server) { () throws(SupervisionError) in
                    try await server.use(again: false) { (client) throws(MCPClientError) in client.server }
                }
                guard try started.get().offers("resources") else { continue }
                let contents = try await server.use(again: true) { (client) throws(MCPClientError) in
                    try await client.readResource(uri, meta: meta)
                }
                if let first = contents.first { return first }
            } catch {
                if !error.isNotFound { failure = failure ?? error.error(of: server.name) }
            }
        }
        if let failure { throw failure }
        return nil
    }

    /// Returns the state of each server.
    public func health() async -> [ToolServerHealth] {
        var states: [ToolServerHealth] = []
        for server in servers { states.append(ToolServerHealth(name: server.name, state: await server.health)) }
        return states
    }

    /// Stops all servers permanently and waits until they have ended.
    public func close() async {
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.close() } }
        }
    }
}

// Concurrent requests to several servers.
extension ServerGroup {
    /// Runs `body` for all `sources` concurrently and returns the results in the order of `sources`.
    ///
    /// - Parameters:
    ///   - server: the server that a source belongs to.
    ///   - isLimited: whether a late server fails instead of being waited for.
    public func results<Source: Sendable, Value: Sendable>(
        _ sources: [Source], _ server: KeyPath<Source, ToolServer>, isLimited: Bool = true,
        _ body: @escaping @Sendable (Source) async throws(SupervisionError) -> Value
    ) async -> [Result<Value, SupervisionError>] {
        await withTaskGroup(of: (Int, Result<Value, SupervisionError>).self) { group in
            for (number, source) in sources.enumerated() {
                let server = source[keyPath: server]
                group.addTask { [late] in
                    guard isLimited else {
                        return (
                            number, await LateServers.result { () throws(SupervisionError) in try await body(source) }
                        )
                    }
                    let outcome = await late.value(of: server) { () throws(SupervisionError) in try await body(source)
                    }
                    return (number, outcome)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Splits the outcomes into values (`nil` for each server that failed) and notices of the failures.
    private static func parted<Value>(
        _ outcomes: [Result<Value, SupervisionError>], _ servers: [ToolServer]
    ) -> (values: [Value?], late: [ServerNotice], failures: [ServerNotice]) {
        var late: [ServerNotice] = []
        var failures: [ServerNotice] = []
        let values = zip(servers, outcomes).map { server, outcome -> Value? in
            switch outcome {
            case .success(let value): return value
            case .failure(let failure):
                let notice = ServerNotice.failed(server: server.name, failure)
                if case .late = failure { late.append(notice) } else { failures.append(notice) }
                return nil
            }
        }
        return (values, late, failures)
    }

    /// Returns the elements and reports the failures as notices; throws the first failure if there are no elements.
    private func checked<Element>(
        _ elements: [Element], _ failures: [ServerNotice]
    ) throws(ToolServerError) -> [Element] {
        if elements.isEmpty, case .failed(let server, let failure)? = failures.first {
            throw failure.error(of: server)
        }
        failures.forEach(onNotice)
        return elements
    }
}

extension SupervisionError {
    /// The error codes for a missing resource, in current and older revisions.
    private static let notFoundCodes: Set<Int> = [-32602, -32002]

    fileprivate var isNotFound: Bool {
        if case .inUse(.refused(let code, _)) = self { Self.notFoundCodes.contains(code) } else { false }
    }
}
