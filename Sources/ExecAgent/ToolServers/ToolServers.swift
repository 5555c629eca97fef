import JSON
import MCP
import MCPClient
import MCPServers
import OpenAI
import Telemetry
import Threading

/// The combined tools of all MCP servers, as a model sees them through OpenAI's API.
final class ToolServers: ToolProvider {
    /// Timeout of a tool call in seconds. Servers have shorter limits of their own, which give better messages.
    static let callLimit = 3600.0
    /// Maximum number of times in one call that a modern server may ask the person.
    private static let maxQuestionRounds = 500
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

    /// The servers whose tools code in the sandbox calls.
    struct Bridge: Sendable {
        /// The place of the server that starts them, an exec-mcp.
        var place: Int
        /// Their names.
        var names: [String]
        /// Receives what that server says about them, when it says so for the first time.
        var onReport: @Sendable (BridgeReport) -> Void = { _ in }
    }

    /// The supervised servers.
    let group: ServerGroup
    /// What each server asks if it is a legacy one; empty if nobody can be asked.
    private let legacyQuestions: [ObjectIdentifier: LegacyCallQuestions]
    private let sandboxFiles: SandboxFiles
    private let prompts: [ServerPrompt]
    private let bridge: Bridge?
    private let tracer: Tracer
    private let report = Locked<BridgeReport?>(nil)
    private let log: @Sendable (String) -> Void

    /// Creates the servers of `entries`. Each is started on demand.
    ///
    /// - Parameters:
    ///   - environment: the environment of this process; see ``ServerEnvironment``.
    ///   - bridge: the servers whose tools code calls; `nil` for none.
    ///   - asking: how servers may ask the person; empty if nobody can be asked, which they then learn.
    ///   - tracer: traces calls.
    ///   - startSeconds: how long a run waits for a server that does not list its tools.
    ///   - onErrorLine: receives each line that a server writes to standard error, with the server's name.
    ///   - log: receives messages for the operator that no error reports.
    init(
        _ entries: [ToolServerEntry], bridge: Bridge? = nil, environment: [String: String],
        asking modes: Set<Elicitation.Mode> = [], limits: ClientLimits = ClientLimits(),
        clock: MonotonicClock = .system, tracer: Tracer = .off,
        startSeconds: Double = ServerGroup.usualStartSeconds,
        onErrorLine: @escaping @Sendable (_ server: String, _ line: String) -> Void = { _, _ in },
        log: @escaping @Sendable (String) -> Void
    ) {
        var limits = limits
        // A modern server's question costs a round each.
        limits.inputRounds = max(limits.inputRounds, Self.maxQuestionRounds)
        var legacyQuestions: [ObjectIdentifier: LegacyCallQuestions] = [:]
        let servers = entries.map { [limits] entry in
            let questions = modes.isEmpty ? nil : LegacyCallQuestions(server: entry.name, modes: modes)
            let server = ToolServer(
                entry, as: Self.identity, environment: ServerEnvironment.variables(for: entry, from: environment),
                limits: limits, clock: clock, elicitation: questions, onNotice: { log($0.description) },
                onErrorLine: { onErrorLine(entry.name, $0) })
            legacyQuestions[ObjectIdentifier(server)] = questions
            return server
        }
        self.legacyQuestions = legacyQuestions
        group = ServerGroup(servers, clock: clock, startSeconds: startSeconds) { log($0.description) }
        sandboxFiles = SandboxFiles(group: group)
        prompts = servers.map { server in
            ServerPrompt(of: server, clock: clock) { log(ServerNotice.remark(server: server.name, $0).description) }
        }
        self.bridge = bridge
        self.tracer = tracer
        self.log = log
    }

    /// Returns the tools of all servers that start in time; the others are logged.
    func tools() async throws(ToolServerError) -> [FunctionTool] {
        let tools = try await group.allTools().map { named in
            FunctionTool(name: named.name, description: named.tool.description, parameters: named.tool.inputSchema)
        }
        try await checkBridge()
        return tools
    }

    var bridgedServers: [BridgeReport.Server] {
        report.withLock { $0 }?.servers ?? bridge?.names.map { BridgeReport.Server(name: $0, tools: 0) } ?? []
    }

    /// Checks that the server that was to start the others has a bridge: without one, their tools would be missing, and
    /// nobody would know why.
    private func checkBridge() async throws(ToolServerError) {
        guard let bridge, case let prompt = prompts[bridge.place], group.isReachable(prompt.server) else { return }
        let current: BridgeReport?
        do {
            current = try await prompt.bridge()
        } catch {
            // The request for the prompt reports that.
            return
        }
        guard let current else {
            throw ToolServerError(
                message: """
                    \(prompt.server.name) doesn't accept the servers of --mcp-config: it isn't exec-mcp, or an \
                    exec-mcp without a bridge to other servers. Leave out --bridge, or name exec-mcp with --mcp
                    """)
        }
        let isFirst = report.withLock { report in
            defer { report = current }
            return report == nil
        }
        if isFirst { bridge.onReport(current) }
    }

    func systemPrompt(for user: String?) async -> String {
        var texts: [String] = []
        // Skip servers that are unreachable: that was reported when their tools were requested.
        let asked = prompts.filter { group.isReachable($0.server) }
        var isComplete = asked.count == prompts.count
        let outcomes = await group.results(asked, \.server) { (prompt) throws(SupervisionError) in
            try await prompt.text(for: user)
        }
        for (server, outcome) in zip(asked.map(\.server), outcomes) {
            switch outcome {
            case .success(let text): texts += text.map { [$0] } ?? []
            case .failure(let failure):
                isComplete = false
                // If we were cancelled ourselves, nobody reads the prompt.
                if Task.isCancelled { continue }
                log("the system prompt lacks the prompt of \(server.name): \(failure.error(of: server.name))")
            }
        }
        if !isComplete || texts.isEmpty { texts.insert(Self.builtInPrompt, at: 0) }
        return texts.joined(separator: "\n\n")
    }

    func call(
        _ name: String, _ arguments: JSONObject, user: String?, questions: CallQuestions?,
        onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome {
        guard let (server, tool) = group.tool(named: name) else {
            let known = group.toolNames.sorted().joined(separator: ", ")
            return .failure("There is no tool \(name.prefix(100)). The tools: \(known).")
        }
        let begun = tracer.begin("tools/call \(tool)", .client)
        begun.open.set("mcp.method.name", .text("tools/call"))
        begun.open.set("gen_ai.tool.name", .text(tool))
        defer { tracer.end(begun) }
        let outcome = await call(
            tool, named: name, of: server, arguments, user, questions, begun.open.context, onProgress)
        if outcome.isError { begun.open.fail("tool_error") }
        return outcome
    }

    private func call(
        _ tool: String, named name: String, of server: ToolServer, _ arguments: JSONObject, _ user: String?,
        _ questions: CallQuestions?, _ trace: TraceContext?, _ onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome {
        do {
            let legacy = legacyQuestions[ObjectIdentifier(server)]
            // Each call says whether somebody can be asked.
            let modern = legacy.map {
                ModernCallQuestions(modes: questions == nil ? [] : $0.modes, server: server.name, questions: questions)
            }
            let result = try await server.use(again: false) { (client) throws(MCPClientError) in
                let call = { () async throws(MCPClientError) -> ToolResult in
                    try await client.callTool(
                        tool, arguments, meta: Self.meta(of: user, in: trace), timeLimit: Self.callLimit,
                        elicitation: modern,
                        onProgress: onProgress)
                }
                guard let legacy, !client.server.revision.isModern else { return try await call() }
                return try await legacy.during(questions, call)
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

    func skills(of user: String?) async throws(ToolServerError) -> [SkillInfo] {
        try await group.resources(meta: Self.meta(of: user)) { resource in
            ResourceAddress.skillName(resource.uri).map {
                SkillInfo(name: $0, description: resource.description ?? "")
            }
        }.firsts(by: \.name)
    }

    func skill(named name: String, of user: String?) async throws(ToolServerError) -> String {
        let contents = try await read(ResourceAddress.skill(name), of: user, "There is no skill \(name).")
        guard let text = String(validating: contents.bytes, as: UTF8.self) else {
            throw ToolServerError(message: "The file of the skill \(name) isn't text.")
        }
        return text
    }

    var sandboxAccess: any SandboxAccess { sandboxFiles }

    func serverName(ofTool name: String) -> String? { group.tool(named: name)?.server.name }

    var toolCounts: [String: Int] {
        let own = group.toolNames.compactMap { group.tool(named: $0)?.server.name }
        let counts = Dictionary(own.map { ($0, 1) }, uniquingKeysWith: +)
        return counts.merging(bridgedServers.map { ($0.name, $0.tools) }) { own, _ in own }
    }

    func health() async -> [ToolServerHealth] {
        await group.health()
            + bridgedServers.map { server in
                ToolServerHealth(
                    name: server.name, state: server.failure.map { .failed($0) } ?? .stopped, isBridged: true)
            }
    }

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

    /// Returns what requests for a user have in `_meta`.
    ///
    /// - Parameter trace: where the request is in a trace; `nil` if it isn't part of one.
    static func meta(of user: String?, in trace: TraceContext? = nil) -> JSONObject {
        var meta = JSONObject()
        meta.add(trace)
        meta[userKey] = user.map(JSON.string)
        return meta
    }

    private static func outcome(_ result: ToolResult) -> ToolOutcome {
        // Servers should repeat structured content as text, but not all do.
        let structured = result.structuredContent.map { [ContentBlock.text($0.text)] } ?? []
        return ToolOutcome(
            content: result.content.isEmpty ? structured : result.content, isError: result.isError,
            exitCode: result.structuredContent?["exit_code"]?.integerValue,
            streams: ToolOutcome.Streams(result.structuredContent), report: result.report)
    }
}

extension Array {
    /// Returns the elements in order, keeping only the first of those with the same name.
    fileprivate func firsts(by name: (Element) -> String) -> [Element] {
        var names = FileNames()
        return filter { names.add(name($0)) }
    }
}
