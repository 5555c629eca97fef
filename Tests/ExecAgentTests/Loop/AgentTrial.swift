import JSON
import OpenAI
import TestSupport
import Threading

@testable import ExecAgent

/// An agent at work for a test, and what it told.
struct AgentTrial {
    let model: ScriptedChatModel
    let toolProvider: ScriptedToolBox
    let events = Recorder<AgentEvent>()
    /// Those that only the page shows.
    let details = Recorder<AgentEvent>()
    var settings = AgentSettings(model: "m1")
    var clock = MonotonicClock.system
    var answerer: (any QuestionAnswerer)?

    init(_ model: ScriptedChatModel, _ toolProvider: ScriptedToolBox = ScriptedToolBox()) {
        self.model = model
        self.toolProvider = toolProvider
    }

    func run(
        _ conversation: [ChatMessage] = [ChatMessage(role: .user, text: "do it")], user: String? = nil,
        model name: String? = nil, limits: RunLimits = RunLimits(), parameters: JSONObject = JSONObject()
    ) async throws -> RunResult {
        try await Agent(model: model, toolProvider: toolProvider, settings: settings, clock: clock).run(
            conversation, user: user, model: name, limits: limits, parameters: parameters,
            answerer: answerer
        ) { [events, details] in
            if $0.isDetail { details.record($0) } else { events.record($0) }
        }
    }

    /// All text that was told.
    var told: String {
        events.elements.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
