import JSON
import MCPServers
import OpenAI

/// The tools of all MCP servers, and what else an agent needs of them. Starts servers when they are needed, and again
/// when they have ended.
protocol ToolProvider: Sendable {
    /// The tools as a model sees them.
    ///
    /// - Throws: ``ToolServerError``.
    func tools() async throws(ToolServerError) -> [FunctionTool]

    /// The system prompt of the servers; a short one of our own where it cannot be had.
    func systemPrompt() async -> String

    /// Calls a tool. Whatever goes wrong is an outcome that the model is to read; a cancelled task cancels the call.
    ///
    /// - Parameters:
    ///   - user: whose sandbox; `nil` for the server's own default.
    ///   - onProgress: hears the newest line of what the tool does.
    func call(
        _ name: String, _ arguments: JSONObject, user: String?, onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome

    /// The artifacts of a user.
    ///
    /// - Throws: ``ToolServerError``.
    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo]

    /// The bytes of an artifact.
    ///
    /// - Throws: ``ToolServerError``; its `isNotFound` says that there is no such artifact.
    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile

    /// The skills that the servers offer.
    ///
    /// - Throws: ``ToolServerError``.
    func skills() async throws(ToolServerError) -> [SkillInfo]

    /// The text of a skill's own file, `SKILL.md`.
    ///
    /// - Throws: ``ToolServerError``; its `isNotFound` says that there is no such skill.
    func skill(named name: String) async throws(ToolServerError) -> String

    /// The state of each server.
    func health() async -> [ToolServerHealth]

    /// Ends all servers and waits until they have ended.
    func close() async
}

/// A file that an agent hands out.
struct ArtifactInfo: Sendable, Equatable {
    let name: String
    let mediaType: String
    /// Bytes; `nil` where the server does not say.
    let size: Int?
}

/// An artifact with its content.
struct ArtifactFile: Sendable, Equatable {
    let mediaType: String
    let bytes: [UInt8]
}

/// A skill as a list shows it.
struct SkillInfo: Sendable, Equatable {
    let name: String
    let description: String
}
