import JSON
import OpenAI
import Threading

/// Whether pictures returned by tools are sent to the model.
enum ImagePolicy: String, Sendable, CaseIterable {
    /// Sent until the endpoint rejects them.
    case auto
    case never
}

/// An agent's settings, which apply to all tasks.
struct AgentSettings: Sendable, Equatable {
    /// The model for runs that don't name one.
    var model: String
    var images = ImagePolicy.auto
    /// Maximum size of a tool result's text sent to the model, in bytes: about 10,000 tokens.
    var resultLimit = 40_000
    /// Maximum size of a picture sent to the model, in bytes.
    var imageLimit = 5_000_000
    /// Maximum length of a picture's longer side, in pixels. Larger pictures are rejected by the APIs, and because they
    /// stay in the conversation, every later request would fail as well.
    var imageSide = 8000
    /// Maximum number of concurrent calls within one turn.
    var simultaneousCalls = 8
}

/// An agent: a model that uses the tools of MCP servers.
struct Agent: AgentRunner {
    private let model: any ChatModel
    private let toolProvider: any ToolProvider
    private let settings: AgentSettings
    private let clock: MonotonicClock

    init(
        model: any ChatModel, toolProvider: any ToolProvider, settings: AgentSettings, clock: MonotonicClock = .system
    ) {
        self.model = model
        self.toolProvider = toolProvider
        self.settings = settings
        self.clock = clock
    }

    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        answerer: (any QuestionAnswerer)?, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        let deadline = limits.seconds.map { Deadline(in: $0, on: clock) }
        // If the time is already up, the run ends immediately with an explanation.
        let opening = try await opening(for: user, by: deadline)
        let tools = opening?.tools ?? []
        let request = ChatRequest(
            model: model ?? settings.model,
            messages: Self.opening(conversation, prompt: opening?.prompt ?? ""), tools: tools, parameters: parameters)
        let calls = ToolCalls(
            toolProvider: toolProvider, toolNames: tools.map(\.name), user: user, settings: settings,
            deadline: deadline, answerer: answerer, onEvent: onEvent)
        var run = Run(
            model: self.model, request: request, calls: calls, limits: limits, deadline: deadline, onEvent: onEvent)
        return try await run.untilItEnds()
    }

    /// Collects the tool servers' tools and prompt.
    ///
    /// - Returns: `nil` if the deadline passed first.
    private func opening(for user: String?, by deadline: Deadline?) async throws -> (
        tools: [FunctionTool], prompt: String
    )? {
        do {
            return try await withDeadline(deadline) { [toolProvider] in
                let tools = try await toolProvider.tools()
                return (tools, await toolProvider.systemPrompt(for: user))
            }
        } catch {
            // A call ended by cancellation surfaces as a server error; the cancellation is more informative.
            try Task.checkCancellation()
            throw error
        }
    }

    /// Prepends a single system message to the conversation: the servers' prompt followed by the client's own. A single
    /// one, because many models accept a system message only at the start.
    static func opening(_ conversation: [ChatMessage], prompt: String) -> [ChatMessage] {
        let own = conversation.prefix { [.system, .developer].contains($0.role) }
        let texts = ([prompt] + own.map(\.text)).filter { !$0.isEmpty }
        guard !texts.isEmpty else { return conversation }
        return [ChatMessage(role: .system, text: texts.joined(separator: "\n\n"))] + conversation.dropFirst(own.count)
    }
}
