import JSON
import MCP
import MCPClient
import OpenAI
import Threading

/// The tools of all MCP servers together.
final class ToolServers: ToolBox {
    /// Seconds that a tool call may take. Servers have limits of their own, which are shorter and say more.
    static let callLimit = 3600.0
    /// What stands in for a prompt that cannot be had.
    static let builtInPrompt = """
        You are an agent that works with tools. Use them to do what the user asks for: run code instead of guessing its \
        result, look at files before you say what is in them, and when something fails, read the error and try again. \
        When you are done, answer with what you found or made.
        """
    /// By which key of `_meta` exec-mcp knows whose sandbox a request is about.
    private static let userKey = "x-user-id"

    let servers: [ToolServer]
    private let tools: [ServerTools]
    private let prompts: [ServerPrompt]
    private let names = Locked(ToolNames([]))
    private let log: @Sendable (String) -> Void

    /// The servers of `entries`. None is started before it is needed.
    ///
    /// - Parameters:
    ///   - environment: the environment of this process; see ``ServerEnvironment``.
    ///   - onErrorLine: hears what the servers write to standard error, with their names.
    ///   - log: what a person who runs the agent should know and nobody is told by an error.
    init(
        _ entries: [ToolServerEntry], environment: [String: String], limits: ClientLimits = ClientLimits(),
        timekeeper: Timekeeper = .system,
        onErrorLine: @escaping @Sendable (_ server: String, _ line: String) -> Void = { _, _ in },
        log: @escaping @Sendable (String) -> Void
    ) {
        servers = entries.map { entry in
            ToolServer(
                entry, environment: environment, limits: limits, timekeeper: timekeeper, log: log,
                onErrorLine: { onErrorLine(entry.name, $0) })
        }
        tools = servers.map { ServerTools(of: $0) }
        prompts = servers.map { ServerPrompt(of: $0, timekeeper: timekeeper) }
        self.log = log
    }

    /// The tools of all servers that can be started; the others are logged.
    func tools() async throws(ToolServerError) -> [FunctionTool] {
        let (found, failures) = await fromEach(tools, \.server) { (tools) throws(ToolServerFailure) in
            try await tools.current()
        }
        // A server that cannot be reached now keeps the names of its tools: they must not come to mean another's.
        let names = ToolNames(
            tools.enumerated().map { ($1.server.name, (found[$0] ?? $1.lastKnown).map(\.name)) })
        self.names.withLock { $0 = names }
        let functions = found.enumerated().flatMap { number, tools in
            zip(names.names[number], tools ?? []).map { name, tool in
                FunctionTool(name: name, description: tool.description, parameters: tool.inputSchema)
            }
        }
        return try checked(functions, failures)
    }

    func systemPrompt() async -> String {
        var texts: [String] = []
        var isComplete = true
        let outcomes = await results(prompts) { (prompt) throws(ToolServerFailure) in try await prompt.text() }
        for (server, outcome) in zip(servers, outcomes) {
            switch outcome {
            case .success(let text): texts += text.map { [$0] } ?? []
            case .failure(let failure):
                isComplete = false
                // Where we gave up ourselves nobody reads the prompt.
                if Task.isCancelled { continue }
                log("the system prompt lacks what \(server.name) says: \(failure.error(of: server.name))")
            }
        }
        if !isComplete || texts.isEmpty { texts.insert(Self.builtInPrompt, at: 0) }
        return texts.joined(separator: "\n\n")
    }

    func call(
        _ name: String, _ arguments: JSONObject, user: String?, onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome {
        guard let place = names.withLock({ $0.places[name] }) else {
            let known = names.withLock { $0.places.keys.sorted() }.joined(separator: ", ")
            return .failure("There is no tool \(name.prefix(100)). There are: \(known).")
        }
        let server = servers[place.server]
        do {
            let result = try await server.use(again: false) { (client) throws(MCPClientError) in
                try await client.callTool(
                    place.name, arguments, meta: Self.meta(of: user), timeLimit: Self.callLimit, onProgress: onProgress)
            }
            return Self.outcome(result)
        } catch {
            // The model is told as well, but it cannot mend this.
            if case .toStart = error { log(error.error(of: server.name).message) }
            return error.outcome(of: name, on: server.name)
        }
    }

    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo] {
        try await resources(of: user) { resource in
            ResourceAddress.artifactName(resource.uri).map {
                ArtifactInfo(name: $0, mediaType: resource.mediaType, size: resource.size)
            }
        }.firsts(by: \.name)
    }

    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile {
        let contents = try await read(ResourceAddress.artifact(name), of: user, "There is no artifact \(name).")
        return ArtifactFile(mediaType: contents.mediaType, bytes: contents.bytes)
    }

    func skills() async throws(ToolServerError) -> [SkillInfo] {
        try await resources(of: nil) { resource in
            ResourceAddress.skillName(resource.uri).map {
                SkillInfo(name: $0, description: resource.description ?? "")
            }
        }.firsts(by: \.name)
    }

    func skill(named name: String) async throws(ToolServerError) -> String {
        let contents = try await read(ResourceAddress.skill(name), of: nil, "There is no skill \(name).")
        guard let text = String(validating: contents.bytes, as: UTF8.self) else {
            throw ToolServerError(message: "The file of the skill \(name) is no text.")
        }
        return text
    }

    func health() async -> [ToolServerHealth] {
        var states: [ToolServerHealth] = []
        for server in servers { states.append(ToolServerHealth(name: server.name, state: await server.health)) }
        return states
    }

    func close() async {
        await withTaskGroup(of: Void.self) { group in
            for server in servers { group.addTask { await server.close() } }
        }
    }

    private static func meta(of user: String?) -> JSONObject {
        var meta = JSONObject()
        meta[userKey] = user.map(JSON.string)
        return meta
    }

    private static func outcome(_ result: ToolResult) -> ToolOutcome {
        // Servers ought to say in text as well what they say to programs, and not all do.
        let structured = result.structuredContent.map { [ContentBlock.text($0.text)] } ?? []
        return ToolOutcome(
            content: result.content.isEmpty ? structured : result.content, isError: result.isError,
            exitCode: result.structuredContent?["exit_code"]?.integerValue)
    }
}

// What several servers are asked for at once.
extension ToolServers {
    /// What `body` makes of the resources of all servers, in the order of the servers.
    private func resources<Element: Sendable>(
        of user: String?, _ body: @Sendable (Resource) -> Element?
    ) async throws(ToolServerError) -> [Element] {
        let (found, failures) = await fromEach(servers, \.self) { (server) throws(ToolServerFailure) in
            try await server.use(again: true) { (client) throws(MCPClientError) in
                try await client.listResources(meta: Self.meta(of: user))
            }
        }
        return try checked(found.flatMap { $0 ?? [] }.compactMap(body), failures)
    }

    /// Reads a resource from the first server that has it.
    ///
    /// - Parameter absence: what to say where none has.
    private func read(
        _ uri: String, of user: String?, _ absence: String
    ) async throws(ToolServerError) -> ResourceContents {
        var failure: ToolServerError?
        for server in servers {
            do {
                let contents = try await server.use(again: true) { (client) throws(MCPClientError) in
                    guard client.server.offers("resources") else { return [ResourceContents]() }
                    return try await client.readResource(uri, meta: Self.meta(of: user))
                }
                if let first = contents.first { return first }
            } catch {
                if !error.saysNotFound { failure = failure ?? error.error(of: server.name) }
            }
        }
        throw failure ?? ToolServerError(message: absence, isNotFound: true)
    }

    /// What each of `sources` gives, `nil` for those that fail; and how they failed.
    private func fromEach<Source: Sendable, Value: Sendable>(
        _ sources: [Source], _ server: KeyPath<Source, ToolServer>,
        _ body: @escaping @Sendable (Source) async throws(ToolServerFailure) -> Value
    ) async -> (values: [Value?], failures: [ToolServerError]) {
        var failures: [ToolServerError] = []
        let values = zip(sources, await results(sources, body)).map { source, outcome -> Value? in
            switch outcome {
            case .success(let value): return value
            case .failure(let failure):
                failures.append(failure.error(of: source[keyPath: server].name))
                return nil
            }
        }
        return (values, failures)
    }

    /// The elements that came from the servers of which some failed: that is logged, or thrown where nothing came.
    private func checked<Element>(
        _ elements: [Element], _ failures: [ToolServerError]
    ) throws(ToolServerError) -> [Element] {
        if elements.isEmpty, let first = failures.first { throw first }
        failures.forEach { log($0.message) }
        return elements
    }

    /// What came of `body` for each of `sources`, all at once, in their order.
    private func results<Source: Sendable, Value: Sendable>(
        _ sources: [Source], _ body: @escaping @Sendable (Source) async throws(ToolServerFailure) -> Value
    ) async -> [Result<Value, ToolServerFailure>] {
        await withTaskGroup(of: (Int, Result<Value, ToolServerFailure>).self) { group in
            for (number, source) in sources.enumerated() {
                group.addTask {
                    do throws(ToolServerFailure) {
                        return (number, .success(try await body(source)))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}

extension Array {
    /// The elements in order, of those with the same name only the first.
    fileprivate func firsts(by name: (Element) -> String) -> [Element] {
        var names = FileNames()
        return filter { names.add(name($0)) }
    }
}

extension ToolServerFailure {
    /// The codes of the error for a resource that there is not, now and in older revisions.
    private static let notFoundCodes: Set<Int> = [-32602, -32002]

    fileprivate var saysNotFound: Bool {
        if case .inUse(.refused(let code, _)) = self { Self.notFoundCodes.contains(code) } else { false }
    }
}
