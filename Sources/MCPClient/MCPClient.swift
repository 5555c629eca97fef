public import JSON
import JSONRPC
public import MCP

/// An MCP client that starts a server program and talks to it over standard input and output. Supports every revision:
/// uses the modern one if the server does, otherwise the newest legacy one that the server supports.
///
/// All data from the server is untrusted: it is bounded and validated, and a protocol violation fails the affected
/// request. SIGPIPE must be ignored in the process.
public final class MCPClient: Sendable {
    /// The server's description of itself.
    public let server: ServerDescription

    private let connection: Connection
    private let limits: ClientLimits
    /// The `_meta` of each request.
    private let meta: JSONObject
    private let elicitation: (any ElicitationHandler)?
    private let listening: Task<Void, Never>?

    private init(
        _ server: ServerDescription, _ connection: Connection, identity: ClientIdentity, limits: ClientLimits,
        handlers: ServerHandlers
    ) {
        self.server = server
        self.connection = connection
        self.limits = limits
        elicitation = handlers.elicitation
        let capabilities = Handshake.capabilities(for: handlers.elicitation)
        meta = server.revision.isModern ? Handshake.modernMeta(identity, capabilities) : JSONObject()
        let listener = ChangeListener(server: server, connection: connection, meta: meta, handlers: handlers)
        listening = listener.map { listener in Task { await listener.listen() } }
    }

    deinit {
        listening?.cancel()
        connection.close()
    }

    /// Starts a server and negotiates the revision. The caller must call ``close()`` when done; a cancelled start
    /// leaves nothing behind.
    ///
    /// - Throws: ``MCPClientError``.
    public static func start(
        _ program: ServerProgram, as identity: ClientIdentity, limits: ClientLimits = ClientLimits(),
        handlers: ServerHandlers = ServerHandlers()
    ) async throws(MCPClientError) -> MCPClient {
        do {
            return try await start(program, identity, limits, handlers, probing: true)
        } catch .ended {
            // Some servers exit if they don't know the first message. Restart them and begin with the handshake.
            return try await start(program, identity, limits, handlers, probing: false)
        }
    }

    /// - Parameter probing: whether to probe for a modern server first.
    static func start(
        _ program: ServerProgram, _ identity: ClientIdentity, _ limits: ClientLimits, _ handlers: ServerHandlers,
        probing: Bool
    ) async throws(MCPClientError) -> MCPClient {
        let connection = try Connection(starting: program, limits: limits, handlers: handlers)
        let handshake = Handshake(
            connection: connection, identity: identity,
            capabilities: Handshake.capabilities(for: handlers.elicitation), limits: limits)
        do throws(MCPClientError) {
            if probing, let server = try await handshake.discover() {
                connection.stopAnsweringRequests()
                return MCPClient(server, connection, identity: identity, limits: limits, handlers: handlers)
            }
            let server = try await handshake.initialize()
            return MCPClient(server, connection, identity: identity, limits: limits, handlers: handlers)
        } catch {
            await connection.close().value
            throw error
        }
    }

    /// Calls `observer` once when the server has ended, with a description that includes the end of its standard
    /// error; at once if it has already ended.
    public func onEnd(_ observer: @escaping @Sendable (String) -> Void) {
        connection.onEnd(observer)
    }

    /// Stops the server and waits until it has ended: closes its input and, if that isn't enough, sends SIGTERM and
    /// SIGKILL, ``ClientLimits/closingSeconds`` apart. May be called repeatedly and concurrently.
    public func close() async {
        listening?.cancel()
        await connection.close().value
    }

    /// Lists the server's tools, all pages. Unreadable tools are left out with a remark, and so are failed pages after
    /// a successful one.
    ///
    /// - Throws: ``MCPClientError``.
    public func listTools() async throws(MCPClientError) -> [Tool] {
        guard server.mayHaveTools else { return [] }
        let isDeclared = server.offers("tools")
        let seconds = isDeclared ? limits.requestSeconds : min(limits.probeSeconds, limits.requestSeconds)
        do throws(MCPClientError) {
            let tools = try await list("tools", JSONObject(), \.name, seconds: seconds) {
                [connection] (tool) throws(MCPClientError) in try Tool(answered: tool, remark: connection.remark)
            }
            if !isDeclared, !tools.isEmpty { connection.remark("it has tools and does not declare that it has") }
            return tools
        } catch {
            if !isDeclared, error.isAnswer { return [] }
            throw error
        }
    }

    /// Calls a tool. If the calling task is cancelled, the server is notified and the call ends at once.
    ///
    /// - Parameters:
    ///   - meta: added to the request's `_meta`.
    ///   - timeLimit: seconds to wait for the response; `nil` for no limit. Restarts each time the request is repeated
    ///     with input that a modern server asked for.
    ///   - onProgress: called with the server's progress messages, at most about 20 times a second, on the thread that
    ///     reads from the server; must return quickly. `nil` requests none.
    /// - Throws: ``MCPClientError``. A failure of the tool itself is a result.
    public func callTool(
        _ name: String, _ arguments: JSONObject, meta: JSONObject = JSONObject(), timeLimit: Double?,
        onProgress: (@Sendable (String) -> Void)? = nil
    ) async throws(MCPClientError) -> ToolResult {
        try await callToolRaw(name, arguments, meta: meta, timeLimit: timeLimit, onProgress: onProgress)
            .reading(remark: connection.remark)
    }

    /// Calls a tool like ``callTool(_:_:meta:timeLimit:onProgress:)``, but returns the result as the server wrote it.
    ///
    /// - Throws: ``MCPClientError``.
    public func callToolRaw(
        _ name: String, _ arguments: JSONObject, meta: JSONObject = JSONObject(), timeLimit: Double?,
        onProgress: (@Sendable (String) -> Void)? = nil
    ) async throws(MCPClientError) -> RawToolResult {
        let (result, size) = try await request(
            "tools/call", ["name": .string(name), "arguments": .object(arguments)], meta,
            Connection.Call(timeLimit: timeLimit, onProgress: onProgress))
        return RawToolResult(members: result, size: size)
    }

    /// Lists the server's prompts, all pages. Unreadable prompts are left out, as in ``listTools()``.
    ///
    /// - Throws: ``MCPClientError``.
    public func listPrompts() async throws(MCPClientError) -> [Prompt] {
        guard server.offers("prompts") else { return [] }
        return try await list("prompts", JSONObject(), \.name) { (prompt) throws(MCPClientError) in
            try Prompt(answered: prompt)
        }
    }

    /// Returns the messages of a prompt without arguments.
    ///
    /// - Throws: ``MCPClientError``.
    public func getPrompt(_ name: String) async throws(MCPClientError) -> [PromptMessage] {
        try PromptMessage.all(
            answered: try await request("prompts/get", ["name": .string(name)]).result, remark: connection.remark)
    }

    /// Lists the server's resources, all pages. Unreadable resources are left out, as in ``listTools()``.
    ///
    /// - Parameter meta: added to the request's `_meta`.
    /// - Throws: ``MCPClientError``.
    public func listResources(meta: JSONObject = JSONObject()) async throws(MCPClientError) -> [Resource] {
        guard server.offers("resources") else { return [] }
        return try await list("resources", meta, \.uri) { (resource) throws(MCPClientError) in
            try Resource(answered: resource)
        }
    }

    /// Reads a resource.
    ///
    /// - Parameter meta: added to the request's `_meta`.
    /// - Returns: the contents; a server may return several for one URI.
    /// - Throws: ``MCPClientError``.
    public func readResource(
        _ uri: String, meta: JSONObject = JSONObject()
    ) async throws(MCPClientError) -> [ResourceContents] {
        try ResourceContents.all(
            answered: try await request("resources/read", ["uri": .string(uri)], meta).result,
            remark: connection.remark)
    }

    /// Returns all elements of a list (server/utilities/pagination, all revisions).
    ///
    /// - Parameter seconds: the limit for all pages together; `nil` for the default of any request.
    private func list<Element>(
        _ name: String, _ meta: JSONObject, _ identity: KeyPath<Element, String>, seconds: Double? = nil,
        _ element: (JSON) throws(MCPClientError) -> Element
    ) async throws(MCPClientError) -> [Element] {
        let seconds = seconds ?? limits.requestSeconds
        var list = PagedList(of: name, identity, limits)
        let start = ContinuousClock.now
        var params = JSONObject()
        while true {
            let spent = list.hasPages ? (ContinuousClock.now - start) / .seconds(1) : 0
            do throws(MCPClientError) {
                let page = try await request(
                    "\(name)/list", params, meta, Connection.Call(timeLimit: max(0, seconds - spent)))
                let cursor = try list.add(page.result, size: page.size, remark: connection.remark, element)
                guard let cursor else { return list.elements }
                params["cursor"] = .string(cursor)
            } catch {
                guard list.hasPages, error.isAnswer else { throw error }
                connection.remark("a page of its \(name) is left out: \(error.reason)")
                return list.elements
            }
        }
    }

    private func request(
        _ method: String, _ params: JSONObject, _ extraMeta: JSONObject = JSONObject(), _ call: Connection.Call? = nil
    ) async throws(MCPClientError) -> (result: JSONObject, size: Int) {
        var params = params
        var meta = meta
        for member in extraMeta { meta[member.key] = member.value }
        if !meta.isEmpty { params["_meta"] = .object(meta) }
        let call = call ?? Connection.Call(timeLimit: limits.requestSeconds)
        var message = params
        for _ in 0...limits.inputRounds {
            let reply = try await connection.exchange(method, message, call)
            guard let input = try inputRequired(method, reply) else { return (try reply.result(), reply.size) }
            message = try await input.answered(params, by: elicitation)
        }
        throw .unsupported("questions to the user without end")
    }

    /// Returns the input that a reply asks for; `nil` if it asks for none, or must not.
    private func inputRequired(
        _ method: String, _ reply: PendingCalls.Reply
    ) throws(MCPClientError) -> InputRequired? {
        guard server.revision.isModern, InputRequired.methods.contains(method),
            case .success(let result) = reply.outcome
        else { return nil }
        return try InputRequired(result, modes: elicitation?.modes ?? [])
    }
}
