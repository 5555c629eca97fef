import JSON
import MCP
import MCPServers
import OpenAI
import TestSupport
import Threading

@testable import ExecAgent

/// A model that answers with what a test says, turn by turn.
final class ScriptedChatModel: ChatModel {
    /// One turn: what happens and what is answered.
    typealias Turn =
        @Sendable (ChatRequest, @Sendable (ModelEvent) async -> Void) async throws -> ChatCompletion

    let requests = Recorder<ChatRequest>()
    private let turns: Locked<[Turn]>

    convenience init(_ turns: Turn...) {
        self.init(turns)
    }

    init(_ turns: [Turn]) {
        self.turns = Locked(turns)
    }

    func complete(
        _ request: ChatRequest, onEvent: @escaping @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion {
        requests.record(request)
        let turn = turns.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let turn else { throw ModelError(kind: .malformed, message: "the script is at its end") }
        return try await turn(request, onEvent)
    }

    /// A turn that says something, in two pieces.
    static func says(
        _ text: String, finish: FinishReason? = .stop, usage: TokenUsage? = nil, calling calls: [ToolCall] = []
    ) -> Turn {
        { _, onEvent in
            let middle = text.index(text.startIndex, offsetBy: text.count / 2)
            await onEvent(.text(String(text[..<middle])))
            await onEvent(.text(String(text[middle...])))
            return ChatCompletion(
                message: ChatMessage(
                    role: .assistant, content: text.isEmpty ? [] : [.text(text)], toolCalls: calls),
                finishReason: finish, usage: usage)
        }
    }

    /// A turn that calls tools.
    static func calls(_ calls: ToolCall..., usage: TokenUsage? = nil) -> Turn {
        says("", finish: .toolCalls, usage: usage, calling: calls)
    }
}

extension ToolCall {
    /// A call of the tool `look`.
    static func look(_ id: String, _ arguments: String = "{}") -> ToolCall {
        ToolCall(id: id, name: "look", arguments: arguments)
    }
}

/// Tools that do what a test says.
final class ScriptedToolBox: ToolProvider {
    typealias Work = @Sendable (JSONObject, @Sendable (String) -> Void) async -> ToolOutcome

    let calls = Recorder<JSONObject>()
    let users = Recorder<String?>()
    private let work: Work
    private let prompt: String
    /// What happens before the tools and the prompt are told.
    private let beforeTools: @Sendable () async -> Void
    private let beforePrompt: @Sendable () async -> Void

    init(
        prompt: String = "the prompt", _ work: @escaping Work = { _, _ in ToolOutcome(content: [.text("seen")]) },
        beforeTools: @escaping @Sendable () async -> Void = {}, beforePrompt: @escaping @Sendable () async -> Void = {}
    ) {
        self.beforeTools = beforeTools
        self.beforePrompt = beforePrompt
        self.work = work
        self.prompt = prompt
    }

    func tools() async throws(ToolServerError) -> [FunctionTool] {
        await beforeTools()
        if Task.isCancelled { throw ToolServerError(message: "The tool server x: the call was cancelled") }
        return [FunctionTool(name: "look", description: "looks", parameters: ["type": "object"])]
    }

    func systemPrompt() async -> String {
        await beforePrompt()
        return prompt
    }

    func call(
        _ name: String, _ arguments: JSONObject, user: String?, onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome {
        calls.record(arguments)
        users.record(user)
        return await work(arguments, onProgress)
    }

    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo] { [] }
    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile {
        throw ToolServerError(message: "none", isNotFound: true)
    }
    func skills() async throws(ToolServerError) -> [SkillInfo] { [] }
    func skill(named name: String) async throws(ToolServerError) -> String {
        throw ToolServerError(message: "none", isNotFound: true)
    }
    func health() async -> [ToolServerHealth] { [] }
    func close() async {}
}

/// A clock that stands still until a test says that the time is up.
final class StoppedClock: Sendable {
    private let seconds = Locked(0.0)
    private let (alarm, ring) = AsyncStream.makeStream(of: Void.self)

    var timekeeper: Timekeeper {
        Timekeeper(now: { [seconds] in seconds.withLock { $0 } }) { [alarm] _ in
            for await _ in alarm {}
            try Task.checkCancellation()
        }
    }

    /// A million seconds go by at once.
    func goOn() {
        seconds.withLock { $0 += 1_000_000 }
        ring.finish()
    }
}

/// An agent at work for a test, and what it told.
struct AgentTrial {
    let model: ScriptedChatModel
    let toolBox: ScriptedToolBox
    let events = Recorder<AgentEvent>()
    var settings = AgentSettings(model: "m1")
    var timekeeper = Timekeeper.system

    init(_ model: ScriptedChatModel, _ toolBox: ScriptedToolBox = ScriptedToolBox()) {
        self.model = model
        self.toolBox = toolBox
    }

    func run(
        _ conversation: [ChatMessage] = [ChatMessage(role: .user, text: "do it")], user: String? = nil,
        model name: String? = nil, limits: RunLimits = RunLimits(), parameters: JSONObject = JSONObject()
    ) async throws -> RunResult {
        try await Agent(model: model, toolBox: toolBox, settings: settings, timekeeper: timekeeper).run(
            conversation, user: user, model: name, limits: limits, parameters: parameters
        ) { [events] in events.record($0) }
    }

    /// All text that was told.
    var told: String {
        events.elements.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
