import JSON
import MCP
import MCPClient
import MCPServers
import OpenAI
import Threading

/// The combined tools of all MCP servers, as a model sees them through OpenAI's API.
final class ToolServers: ToolProvider {
    /// Timeout of a tool call in seconds. Servers have shorter limits of their own, which give better messages.
    static let callLimit = 3600.0
    /// Fallback for a prompt that is unavailable.
    static let builtInPrompt = """
        You are an agent that works with tools. Use them to do what the user asks for: run code instead of guessing its \
        result, look at files before you say what is in them, and when something fails, read the error and try again. \
        When you are done, answer with what you found or made.
        """
    /// How this program identifies itself to servers.
    private static let identity = ClientIdentity(name: "exec-agent", version: "1")
    /// The key in `_meta` that tells exec-mcp whose sandbox a request is about.
    private static let userKey = MetaKey.user

    /// The supervised servers.
    let group: ServerGroup
    private let prompts: [ServerPrompt]
    private let log: @Sendable (String) -> Void

    /// Creates the servers of `entries`. Each is started on demand.
    ///
    /// - Parameters:
    ///   - environment: the environment of this process; see ``ServerEnvironment``.
    ///   - startSeconds: how long a run waits for a server that does not list its tools.
    ///   - onErrorLine: receives each line that a server writes to standard error, with the server's name.
    ///   - log: receives messages for the operator that no error reports.
    init(
        _ entries: [ToolServerEntry], environment: [String: String], limits: ClientLimits = ClientLimits(),
        timekeeper: Timekeeper = .system, startSeconds: Double = ServerGroup.usualStartSeconds,
        onErrorLine: @escaping @Sendable (_ server: String, _ line: String) -> Void = { _, _ in },
        log: @escaping @Sendable (String) -> Void
    ) {
        let servers = entries.map { entry in
            ToolServer(
                entry, as: Self.identity, environment: ServerEnvironment.variables(for: entry, from: environment),
                limits: limits, timekeeper: timekeeper, onNotice: { log($0.description) },
                onErrorLine: { onErrorLine(entry.name, $0) })
        }
        group = ServerGroup(servers, timekeeper: timekeeper, startSeconds: startSeconds) { log($0.description) }
        prompts = servers.map { ServerPrompt(of: $0, timekeeper: timekeeper) }
        self.log = log
    }

    /// Returns the tools of all servers that start in time; the others are logged.
    func tools() async throws(ToolServerError) -> [FunctionTool] {
        try await group.allTools().map { named in
            FunctionTool(name: named.name, description: named.tool.description, parameters: named.tool.inputSchema)
        }
    }

    func systemPrompt() async -> String {
        var texts: [String] = []
        // Skip servers that are unreachable: that was reported when their tools were requested.
        let asked = prompts.filter { group.isReachable($0.server) }
        var isComplete = asked.count == prompts.count
        let outcomes = await group.results(asked, \.server) { (prompt) throws(SupervisionError) in
            try await prompt.text()
        }
        for (server, outcome) in zip(asked.map(\.server), outcomes) {
            switch outcome {
            case .success(let text): texts += text.map { [$0] } ?? []
            case .failure(let failure):
                isComplete = false
                // If we were cancelled ourselves, nobody reads the prompt.
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
        guard let (server, tool) = group.tool(named: name) else {
            let known = group.toolNames.sorted().joined(separator: ", ")
            return .failure("There is no tool \(name.prefix(100)). There are: \(known).")
        }
        do {
            let result = try await server.use(again: false) { (client) throws(MCPClientError) in
                try await client.callTool(
                    tool, arguments, meta: Self.meta(of: user), timeLimit: Self.callLimit, onProgress: onProgress)
            }
            return Self.outcome(result)
        } catch {
            // The model is informed as well, but cannot fix this.
            if case .toStart = error { log(error.error(of: server.name).message) }
            return error.outcome(of: name, on: server.name)
        }
    }

    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo] {
        try await group.resources(meta: Self.meta(of: user)) { resource in
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
        try await group.resources(meta: Self.meta(of: nil)) { resource in
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

    func health() async -> [ToolServerHealth] { await group.health() }

    func close() async { await group.close() }

    /// - Parameter absence: the message if no server has the resource.
    private func read(
        _ uri: String, of user: String?, _ absence: String
    ) async throws(ToolServerError) -> ResourceContents {
        guard let contents = try await group.readResource(uri, meta: Self.meta(of: user)) else {
            throw ToolServerError(message: absence, isNotFound: true)
        }
        return contents
    }

    private static func meta(of user: String?) -> JSONObject {
        var meta = JSONObject()
        meta[userKey] = user.map(JSON.string)
        return meta
    }

    private static func outcome(_ result: ToolResult) -> ToolOutcome {
        // Servers should repeat structured content as text, but not all do.
        let structured = result.structuredContent.map { [ContentBlock.text($0.text)] } ?? []
        return ToolOutcome(
            content: result.content.isEmpty ? structured : result.content, isError: result.isError,
            exitCode: result.structuredContent?["exit_code"]?.integerValue)
    }
}

extension Array {
    /// Returns the elements in order, keeping only the first of those with the same name.
    fileprivate func firsts(by name: (Element) -> String) -> [Element] {
        var names = FileNames()
        return filter { names.add(name($0)) }
    }
}
