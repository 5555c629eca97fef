import JSON
import MCP
import MCPClient
import MCPServers
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
    /// Who we are, to servers.
    private static let identity = ClientIdentity(name: "exec-agent", version: "1")
    /// By which key of `_meta` exec-mcp knows whose sandbox a request is about.
    private static let userKey = "x-user-id"

    let servers: [ToolServer]
    private let tools: [ServerTools]
    private let prompts: [ServerPrompt]
    private let names = Locked(ToolNames([]))
    private let late: LateServers
    /// Servers whose tools could not be had: nobody waits for their prompts.
    private let unreachable = Locked<Set<ObjectIdentifier>>([])
    private let log: @Sendable (String) -> Void

    /// The servers of `entries`. None is started before it is needed.
    ///
    /// - Parameters:
    ///   - environment: the environment of this process; see ``ServerEnvironment``.
    ///   - startSeconds: how long a run waits for a server that does not say what it has.
    ///   - onErrorLine: hears what the servers write to standard error, with their names.
    ///   - log: what a person who runs the agent should know and nobody is told by an error.
    init(
        _ entries: [ToolServerEntry], environment: [String: String], limits: ClientLimits = ClientLimits(),
        timekeeper: Timekeeper = .system, startSeconds: Double = LateServers.usualSeconds,
        onErrorLine: @escaping @Sendable (_ server: String, _ line: String) -> Void = { _, _ in },
        log: @escaping @Sendable (String) -> Void
    ) {
        servers = entries.map { entry in
            ToolServer(
                entry, as: Self.identity, environment: ServerEnvironment.variables(for: entry, from: environment),
                limits: limits, timekeeper: timekeeper, log: log, onErrorLine: { onErrorLine(entry.name, $0) })
        }
        tools = servers.map { ServerTools(of: $0, log: log) }
        prompts = servers.map { ServerPrompt(of: $0, timekeeper: timekeeper) }
        late = LateServers(seconds: startSeconds, timekeeper: timekeeper)
        self.log = log
    }

    /// The tools of all servers that can be started in time; the others are logged.
    func tools() async throws(ToolServerError) -> [FunctionTool] {
        let outcomes = await outcomesOfTools()
        let failed = zip(servers, outcomes).compactMap { server, outcome in
            if case .failure = outcome { ObjectIdentifier(server) } else { nil }
        }
        unreachable.withLock { $0 = Set(failed) }
        let (found, late, others) = Self.parted(outcomes, servers)
        let failures = late + others
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

    /// What came of asking each server for its tools. Where none has any in time there is nothing to go on with: then those
    /// that are late are waited for as long as they may take at all.
    private func outcomesOfTools() async -> [Result<[Tool], ToolServerFailure>] {
        let outcomes = await results(tools, \.server) { (tools) throws(ToolServerFailure) in try await tools.current() }
        let isLate = outcomes.map { if case .failure(.late) = $0 { true } else { false } }
        let areNone = outcomes.allSatisfy { ((try? $0.get()) ?? []).isEmpty }
        guard areNone, isLate.contains(true) else { return outcomes }
        let lateTools = zip(tools, isLate).filter(\.1).map(\.0)
        log("no tool server has answered yet; waiting for \(lateTools.map(\.server.name).joined(separator: ", "))")
        var rest = await results(lateTools, \.server, isLimited: false) { (tools) throws(ToolServerFailure) in
            try await tools.current()
        }
        return zip(outcomes, isLate).map { $1 ? rest.removeFirst() : $0 }
    }

    func systemPrompt() async -> String {
        var texts: [String] = []
        let unreachable = unreachable.withLock { $0 }
        let asked = prompts.filter { !unreachable.contains(ObjectIdentifier($0.server)) }
        // That a server cannot be reached was said when its tools were asked for.
        var isComplete = asked.count == prompts.count
        let outcomes = await results(asked, \.server) { (prompt) throws(ToolServerFailure) in try await prompt.text() }
        for (server, outcome) in zip(asked.map(\.server), outcomes) {
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
        let (found, late, failures) = await fromEach(servers, \.self) { (server) throws(ToolServerFailure) in
            try await server.use(again: true) { (client) throws(MCPClientError) in
                try await client.listResources(meta: Self.meta(of: user))
            }
        }
        let elements = found.flatMap { $0 ?? [] }.compactMap(body)
        // One that is silent has nothing where another has answered.
        guard found.contains(where: { $0 != nil }) else { return try checked(elements, failures + late) }
        late.forEach { log($0.message) }
        return try checked(elements, failures)
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
                let started = await late.value(of: server) { () throws(ToolServerFailure) in
                    try await server.use(again: false) { (client) throws(MCPClientError) in client.server }
                }
                guard try started.get().offers("resources") else { continue }
                let contents = try await server.use(again: true) { (client) throws(MCPClientError) in
                    try await client.readResource(uri, meta: Self.meta(of: user))
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
    ) async -> (values: [Value?], late: [ToolServerError], failures: [ToolServerError]) {
        Self.parted(await results(sources, server, body), sources.map { $0[keyPath: server] })
    }

    private static func parted<Value>(
        _ outcomes: [Result<Value, ToolServerFailure>], _ servers: [ToolServer]
    ) -> (values: [Value?], late: [ToolServerError], failures: [ToolServerError]) {
        var late: [ToolServerError] = []
        var failures: [ToolServerError] = []
        let values = zip(servers, outcomes).map { server, outcome -> Value? in
            switch outcome {
            case .success(let value): return value
            case .failure(let failure):
                let error = failure.error(of: server.name)
                if case .late = failure { late.append(error) } else { failures.append(error) }
                return nil
            }
        }
        return (values, late, failures)
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
    ///
    /// - Parameter isLimited: whether nobody is waited for that is late.
    private func results<Source: Sendable, Value: Sendable>(
        _ sources: [Source], _ server: KeyPath<Source, ToolServer>, isLimited: Bool = true,
        _ body: @escaping @Sendable (Source) async throws(ToolServerFailure) -> Value
    ) async -> [Result<Value, ToolServerFailure>] {
        await withTaskGroup(of: (Int, Result<Value, ToolServerFailure>).self) { group in
            for (number, source) in sources.enumerated() {
                let server = source[keyPath: server]
                group.addTask { [late] in
                    guard isLimited else {
                        return (
                            number, await LateServers.result { () throws(ToolServerFailure) in try await body(source) }
                        )
                    }
                    let outcome = await late.value(of: server) { () throws(ToolServerFailure) in try await body(source)
                    }
                    return (number, outcome)
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
