import JSON
import MCP
import MCPServers
import OpenAI

/// The tools of all MCP servers, with their prompts, artifacts and skills. Starts servers on demand and restarts them
/// after they have ended.
protocol ToolProvider: Sendable {
    /// Returns the tools as a model sees them.
    ///
    /// - Throws: ``ToolServerError``.
    func tools() async throws(ToolServerError) -> [FunctionTool]

    /// Returns the servers' combined system prompt for a user, or a short built-in one if it is unavailable.
    ///
    /// - Parameter user: the owner of the sandbox; `nil` for the server's default.
    func systemPrompt(for user: String?) async -> String

    /// Calls a tool. Any failure is returned as an outcome for the model; cancelling the task cancels the call.
    ///
    /// - Parameters:
    ///   - user: the owner of the sandbox; `nil` for the server's default.
    ///   - questions: receives what the server asks the person during the call; `nil` if nobody can be asked.
    ///   - onProgress: receives the latest line of progress.
    func call(
        _ name: String, _ arguments: JSONObject, user: String?, questions: CallQuestions?,
        onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome

    /// Returns the artifacts of a user.
    ///
    /// - Throws: ``ToolServerError``.
    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo]

    /// Returns the content of an artifact.
    ///
    /// - Throws: ``ToolServerError``; `isNotFound` is set if there is no such artifact.
    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile

    /// Returns the skills that the servers offer to a user.
    ///
    /// - Throws: ``ToolServerError``.
    func skills(of user: String?) async throws(ToolServerError) -> [SkillInfo]

    /// Returns the text of a skill's `SKILL.md`.
    ///
    /// - Throws: ``ToolServerError``; `isNotFound` is set if there is no such skill.
    func skill(named name: String, of user: String?) async throws(ToolServerError) -> String

    /// The servers whose tools code in the sandbox calls, which are none of ``tools()``.
    var bridgedServers: [BridgeReport.Server] { get }

    /// The files of users' sandboxes, and the sandboxes.
    var sandboxAccess: any SandboxAccess { get }

    /// Returns the server of a tool; `nil` if unknown.
    func serverName(ofTool name: String) -> String?

    /// The number of tools of each server, as far as they are known, by the server's name.
    var toolCounts: [String: Int] { get }

    /// Returns the metrics of the exec-mcp servers that run, by the servers' names. Doesn't start any.
    func serverMetrics() async -> [ServerMetricsReport]

    /// Returns the state of each server.
    func health() async -> [ToolServerHealth]

    /// Stops all servers and waits until they have ended.
    func close() async
}

extension ToolProvider {
    func serverMetrics() async -> [ServerMetricsReport] { [] }

    var bridgedServers: [BridgeReport.Server] { [] }
    var sandboxAccess: any SandboxAccess { NoSandboxAccess() }
    var toolCounts: [String: Int] { [:] }
    func serverName(ofTool name: String) -> String? { nil }
}

/// A file that the agent offers for download.
struct ArtifactInfo: Sendable, Equatable {
    let name: String
    let mediaType: String
    /// The size in bytes; `nil` if the server does not report it.
    let size: Int?
}

/// An artifact with its content.
struct ArtifactFile: Sendable, Equatable {
    let mediaType: String
    let bytes: [UInt8]
}

/// A skill as listed.
struct SkillInfo: Sendable, Equatable {
    let name: String
    let description: String
}
