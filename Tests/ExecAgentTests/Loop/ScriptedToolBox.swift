import JSON
import MCP
import MCPServers
import OpenAI
import TestSupport

@testable import ExecAgent

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

    func systemPrompt(for user: String?) async -> String {
        await beforePrompt()
        return prompt
    }

    func call(
        _ name: String, _ arguments: JSONObject, user: String?, questions: CallQuestions?,
        onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome {
        calls.record(arguments)
        users.record(user)
        return await work(arguments, onProgress)
    }

    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo] { [] }
    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile {
        throw ToolServerError(message: "none", isNotFound: true)
    }
    func skills(of user: String?) async throws(ToolServerError) -> [SkillInfo] { [] }
    func skill(named name: String, of user: String?) async throws(ToolServerError) -> String {
        throw ToolServerError(message: "none", isNotFound: true)
    }
    func health() async -> [ToolServerHealth] { [] }
    func close() async {}
}
