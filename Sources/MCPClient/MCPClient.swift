public import JSON
import JSONRPC
public import MCP

/// A client of one MCP server, which it starts as a program and talks to over standard input and output. It speaks every
/// revision: the modern one where the server does, else the newest with a handshake that the server knows.
///
/// Everything that comes from the server is untrusted: it is bounded and checked, and what breaks the protocol is an
/// error of the request in question. SIGPIPE must be ignored in the process.
public final class MCPClient: Sendable {
    /// What the server said of itself.
    public let server: ServerDescription

    private let connection: Connection
    private let limits: ClientLimits
    /// What each request carries in `_meta`.
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

    /// Starts a server and finds out which revision to speak with it. Whoever holds the client calls ``close()`` in the
    /// end; a cancelled start leaves nothing behind.
    ///
    /// - Throws: ``MCPClientError``.
    public static func start(
        _ program: ServerProgram, as identity: ClientIdentity, limits: ClientLimits = ClientLimits(),
        handlers: ServerHandlers = ServerHandlers()
    ) async throws(MCPClientError) -> MCPClient {
        do {
            return try await start(program, identity, limits, handlers, probing: true)
        } catch .ended {
            // There are servers that end when the first message is none that they know. They get another start, and a
            // handshake at once.
            return try await start(program, identity, limits, handlers, probing: false)
        }
    }

    /// - Parameter probing: whether to ask in the modern way first.
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

    /// Calls `observer` once when the server has ended, with how it ended and the last that it said on standard error;
    /// at once where it has ended already.
    public func onEnd(_ observer: @escaping @Sendable (String) -> Void) {
        connection.onEnd(observer)
    }

    /// Ends the server and waits until it has ended: its input is closed, and if that is not enough, it gets SIGTERM and
    /// SIGKILL, ``ClientLimits/closingSeconds`` apart. May be called again, also meanwhile.
    public func close() async {
        listening?.cancel()
        await connection.close().value
    }

    /// The tools of the server, all pages. Tools that cannot be read are left out, which is remarked; so are pages that
    /// cannot be had behind one that could.
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

    /// Calls a tool. When the calling task is cancelled, the server is told and the call ends at once.
    ///
    /// - Parameters:
    ///   - meta: goes into the request's `_meta`.
    ///   - timeLimit: seconds for the answer; `nil` for no limit. Applies anew each time the request is repeated with
    ///     input that a modern server asked for.
    ///   - onProgress: hears what the server says of the call's progress, not more than about twenty times a second, on
    ///     the thread that reads from the server; must return soon. `nil` asks for none.
    /// - Throws: ``MCPClientError``. A tool that could not do what was asked is a result.
    public func callTool(
        _ name: String, _ arguments: JSONObject, meta: JSONObject = JSONObject(), timeLimit: Double?,
        onProgress: (@Sendable (String) -> Void)? = nil
    ) async throws(MCPClientError) -> ToolResult {
        try await callToolRaw(name, arguments, meta: meta, timeLimit: timeLimit, onProgress: onProgress)
            .reading(remark: connection.remark)
    }

    /// Calls a tool like ``callTool(_:_:meta:timeLimit:onProgress:)``, and returns the result as the server wrote it.
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

    /// The prompts of the server, all pages; as of tools, those that cannot be read are left out.
    ///
    /// - Throws: ``MCPClientError``.
    public func listPrompts() async throws(MCPClientError) -> [Prompt] {
        guard server.offers("prompts") else { return [] }
        return try await list("prompts", JSONObject(), \.name) { (prompt) throws(MCPClientError) in
            try Prompt(answered: prompt)
        }
    }

    /// The messages of a prompt without arguments.
    ///
    /// - Throws: ``MCPClientError``.
    public func getPrompt(_ name: String) async throws(MCPClientError) -> [PromptMessage] {
        try PromptMessage.all(
            answered: try await request("prompts/get", ["name": .string(name)]).result, remark: connection.remark)
    }

    /// The resources of the server, all pages; as of tools, those that cannot be read are left out.
    ///
    /// - Parameter meta: goes into the request's `_meta`.
    /// - Throws: ``MCPClientError``.
    public func listResources(meta: JSONObject = JSONObject()) async throws(MCPClientError) -> [Resource] {
        guard server.offers("resources") else { return [] }
        return try await list("resources", meta, \.uri) { (resource) throws(MCPClientError) in
            try Resource(answered: resource)
        }
    }

    /// Reads a resource.
    ///
    /// - Parameter meta: goes into the request's `_meta`.
    /// - Returns: its contents, of which a server may give several for one URI.
    /// - Throws: ``MCPClientError``.
    public func readResource(
        _ uri: String, meta: JSONObject = JSONObject()
    ) async throws(MCPClientError) -> [ResourceContents] {
        try ResourceContents.all(
            answered: try await request("resources/read", ["uri": .string(uri)], meta).result,
            remark: connection.remark)
    }

    /// All elements of a list (server/utilities/pagination, all revisions).
    ///
    /// - Parameter seconds: for all pages together; `nil` for those of any request.
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

    /// The input that a reply asks for; `nil` if it asks for none, or may not.
    private func inputRequired(
        _ method: String, _ reply: PendingCalls.Reply
    ) throws(MCPClientError) -> InputRequired? {
        guard server.revision.isModern, InputRequired.methods.contains(method),
            case .success(let result) = reply.outcome
        else { return nil }
        return try InputRequired(result, modes: elicitation?.modes ?? [])
    }
}
