import JSON
import OpenAI
import Threading

/// Whether the pictures that tools return go back to the model.
enum ImagePolicy: String, Sendable, CaseIterable {
    /// They do, until the endpoint refuses them.
    case auto
    case never
}

/// How an agent works, whatever its task.
struct AgentSettings: Sendable, Equatable {
    /// The model where a run names none.
    var model: String
    var images = ImagePolicy.auto
    /// The longest text of a tool's result that the model gets, in bytes: about 10,000 tokens.
    var resultLimit = 40_000
    /// The largest picture that the model gets, in bytes.
    var imageLimit = 5_000_000
    /// The largest picture that the model gets, in pixels of its longer side: what the APIs refuse stays in the
    /// conversation, and every later request would fail as well.
    var imageSide = 8000
    /// Calls of one turn that run at once.
    var simultaneousCalls = 8
}

/// An agent: a model that works with the tools of MCP servers.
struct Agent: AgentRunner {
    private let model: any ChatModel
    private let toolBox: any ToolProvider
    private let settings: AgentSettings
    private let timekeeper: Timekeeper

    init(
        model: any ChatModel, toolBox: any ToolProvider, settings: AgentSettings, timekeeper: Timekeeper = .system
    ) {
        self.model = model
        self.toolBox = toolBox
        self.settings = settings
        self.timekeeper = timekeeper
    }

    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        let deadline = limits.seconds.map { Deadline(in: $0, on: timekeeper) }
        // Where the time is up before anything is asked, the run ends at once and says so.
        let opening = try await opening(by: deadline)
        let tools = opening?.tools ?? []
        let request = ChatRequest(
            model: model ?? settings.model,
            messages: Self.opening(conversation, prompt: opening?.prompt ?? ""), tools: tools, parameters: parameters)
        let calls = ToolCalls(
            toolBox: toolBox, toolNames: tools.map(\.name), user: user, settings: settings, deadline: deadline,
            onEvent: onEvent)
        var run = Run(
            model: self.model, request: request, calls: calls, limits: limits, deadline: deadline, onEvent: onEvent)
        return try await run.untilItEnds()
    }

    /// What the tool servers say of themselves.
    ///
    /// - Returns: `nil` where the time was up first.
    private func opening(by deadline: Deadline?) async throws -> (tools: [FunctionTool], prompt: String)? {
        do {
            return try await withDeadline(deadline) { [toolBox] in
                let tools = try await toolBox.tools()
                return (tools, await toolBox.systemPrompt())
            }
        } catch {
            // A call that was ended is an error of its server; that we ended it says more.
            try Task.checkCancellation()
            throw error
        }
    }

    /// The conversation behind one system message: that of the servers, then the client's own. One, because many
    /// models take a system message only as the first.
    static func opening(_ conversation: [ChatMessage], prompt: String) -> [ChatMessage] {
        let own = conversation.prefix { [.system, .developer].contains($0.role) }
        let texts = ([prompt] + own.map(\.text)).filter { !$0.isEmpty }
        guard !texts.isEmpty else { return conversation }
        return [ChatMessage(role: .system, text: texts.joined(separator: "\n\n"))] + conversation.dropFirst(own.count)
    }
}
