public import JSON
import JSONRPC
public import MCP
import Threading

/// An MCP client that starts a server program and talks to it over standard input and output, or connects to a server
/// with a URL. Supports every revision: uses the modern one if the server does, otherwise the newest legacy one that the
/// server supports.
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
    /// By tool, as far as they have been listed.
    private let parameterHeaders = Locked<[String: ParameterHeaders]>([:])

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
        let listener = ChangeListener(
            server: server, connection: connection, meta: meta, handlers: handlers, limits: limits)
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

    /// Connects to a server with a URL and negotiates the revision, as for a program.
    ///
    /// - Throws: ``MCPClientError``.
    public static func start(
        _ endpoint: HTTPEndpoint, as identity: ClientIdentity, limits: ClientLimits = ClientLimits(),
        handlers: ServerHandlers = ServerHandlers()
    ) async throws(MCPClientError) -> MCPClient {
        let connection = try Connection(
            try HTTPTransport(endpoint, limits: limits), secrets: SecretTexts(endpoint.secrets), limits: limits,
            handlers: handlers)
        return try await start(connection, identity, limits, handlers, probing: true)
    }

    /// - Parameter probing: whether to probe for a modern server first.
    static func start(
        _ program: ServerProgram, _ identity: ClientIdentity, _ limits: ClientLimits, _ handlers: ServerHandlers,
        probing: Bool
    ) async throws(MCPClientError) -> MCPClient {
        let transport = try StdioTransport(starting: program, limits: limits, onErrorLine: handlers.onErrorLine)
        let connection = try Connection(
            transport, secrets: SecretTexts(program.secrets), limits: limits, handlers: handlers)
        return try await start(connection, identity, limits, handlers, probing: probing)
    }

    private static func start(
        _ connection: Connection, _ identity: ClientIdentity, _ limits: ClientLimits, _ handlers: ServerHandlers,
        probing: Bool
    ) async throws(MCPClientError) -> MCPClient {
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
            let hasHeaders = server.revision.isModern && connection.hasHeaders
            var headers: [String: ParameterHeaders] = [:]
            let tools = try await list("tools", JSONObject(), \.name, seconds: seconds) {
                [connection] (value) throws(MCPClientError) in
                let tool = try Tool(answered: value, remark: connection.remark)
                if hasHeaders { headers[tool.name] = try ParameterHeaders(of: tool) }
                return tool
            }
            if hasHeaders { parameterHeaders.withLock { $0 = headers } }
            if !isDeclared, !tools.isEmpty { connection.remark("it has tools but does not declare them") }
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
    ///     with input that a modern server asked for, and stands still while a legacy server's questions wait.
    ///   - elicitation: answers what a modern server asks the user for this call; `nil` for the client's own handler.
    ///     A legacy server's questions name no call: they always go to the client's handler.
    ///   - onProgress: called with the server's progress messages, at most about 20 times a second, on the thread that
    ///     reads from the server; must return quickly. `nil` requests none.
    /// - Throws: ``MCPClientError``. A failure of the tool itself is a result.
    public func callTool(
        _ name: String, _ arguments: JSONObject, meta: JSONObject = JSONObject(), timeLimit: Double?,
        elicitation: (any ElicitationHandler)? = nil, onProgress: (@Sendable (String) -> Void)? = nil
    ) async throws(MCPClientError) -> ToolResult {
        try await callToolRaw(
            name, arguments, meta: meta, timeLimit: timeLimit, elicitation: elicitation, onProgress: onProgress
        ).reading(remark: connection.remark)
    }

    /// Calls a tool like ``callTool(_:_:meta:timeLimit:elicitation:onProgress:)``, but returns the result as the server
    /// wrote it.
    ///
    /// - Parameter elicitation: answers a modern server's questions about this call, instead of the client's handler;
    ///   `nil` for that one.
    /// - Throws: ``MCPClientError``.
    public func callToolRaw(
        _ name: String, _ arguments: JSONObject, meta: JSONObject = JSONObject(), timeLimit: Double?,
        elicitation: (any ElicitationHandler)? = nil, onProgress: (@Sendable (String) -> Void)? = nil
    ) async throws(MCPClientError) -> RawToolResult {
        let headers = parameterHeaders.withLock { $0[name] }
        let call = Connection.Call(
            timeLimit: timeLimit, onProgress: onProgress, elicitation: elicitation,
            headers: headers?.headers(for: arguments) ?? [])
        let params: JSONObject = ["name": .string(name), "arguments": .object(arguments)]
        do throws(MCPClientError) {
            let (result, size) = try await request("tools/call", params, meta, call)
            return RawToolResult(members: result, size: size)
        } catch .refused(code: ParameterHeaders.mismatch, let message) {
            // The server hasn't accepted the call: the tool's schema, which says what headers it wants, was not known.
            guard headers == nil, server.revision.isModern, connection.hasHeaders else {
                throw .refused(code: ParameterHeaders.mismatch, message: message)
            }
            guard try await listTools().contains(where: { $0.name == name }) else {
                throw .refused(code: ParameterHeaders.mismatch, message: message)
            }
            return try await callToolRaw(
                name, arguments, meta: meta, timeLimit: timeLimit, elicitation: elicitation, onProgress: onProgress)
        }
    }

    /// Makes any request, and returns the result as the server wrote it.
    ///
    /// - Parameters:
    ///   - meta: added to the request's `_meta`.
    ///   - timeLimit: seconds to wait for the response; `nil` for the default of any request.
    ///   - elicitation: as in ``callToolRaw(_:_:meta:timeLimit:elicitation:onProgress:)``.
    /// - Throws: ``MCPClientError``.
    public func fetch(
        _ method: String, _ params: JSONObject, meta: JSONObject = JSONObject(), timeLimit: Double? = nil,
        elicitation: (any ElicitationHandler)? = nil
    ) async throws(MCPClientError) -> RawToolResult {
        let (result, size) = try await request(
            method, params, meta,
            Connection.Call(timeLimit: timeLimit ?? limits.requestSeconds, elicitation: elicitation))
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
                    "\(name)/list", params, meta,
                    Connection.Call(timeLimit: max(0, seconds - spent), acceptsDeepValues: true))
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
        let handler = call?.elicitation ?? elicitation
        if server.revision.isModern, call?.elicitation != nil {
            meta[MetaKey.clientCapabilities] = .object(Handshake.capabilities(for: handler))
        }
        if !meta.isEmpty { params["_meta"] = .object(meta) }
        let call = call ?? Connection.Call(timeLimit: limits.requestSeconds)
        var message = params
        for _ in 0...limits.inputRounds {
            let reply = try await connection.sendRequest(method, message, call)
            guard let input = try inputRequired(method, reply, handler) else {
                return (try reply.result(), reply.size)
            }
            message = try await input.answered(params, by: handler)
        }
        throw .unsupported("endless questions to the user")
    }

    /// Returns the input that a reply asks for; `nil` if it asks for none, or must not.
    private func inputRequired(
        _ method: String, _ reply: PendingCalls.Reply, _ handler: (any ElicitationHandler)?
    ) throws(MCPClientError) -> InputRequired? {
        guard server.revision.isModern, InputRequired.methods.contains(method),
            case .success(let result) = reply.outcome
        else { return nil }
        return try InputRequired(result, modes: handler?.modes ?? [])
    }
}
