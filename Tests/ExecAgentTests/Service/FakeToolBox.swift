import JSON
import MCPServers
import OpenAI
import TestSupport

@testable import ExecAgent

/// Tool servers with two skills and some files.
struct FakeToolBox: ToolProvider {
    var files: [String: [String: ArtifactFile]] = [:]
    /// Media types in the list that differ from those of the contents, by name.
    var listedTypes: [String: String] = [:]
    var states: [ToolServerHealth] = [ToolServerHealth(name: "exec-mcp", state: .running)]
    var failure: ToolServerError?
    /// Names of the files that were read.
    let reads = Recorder<String>()
    /// The files of sandboxes.
    var sandboxAccess: any SandboxAccess = NoSandboxAccess()

    func tools() async throws(ToolServerError) -> [FunctionTool] { [] }
    func systemPrompt(for user: String?) async -> String { "" }
    func call(
        _ name: String, _ arguments: JSONObject, user: String?, questions: CallQuestions?,
        onProgress: @escaping @Sendable (String) -> Void
    ) async -> ToolOutcome { .failure("none") }

    func artifacts(of user: String?) async throws(ToolServerError) -> [ArtifactInfo] {
        if let failure { throw failure }
        return (files[user ?? ""] ?? [:]).sorted { $0.key < $1.key }.map { name, file in
            ArtifactInfo(name: name, mediaType: listedTypes[name] ?? file.mediaType, size: file.bytes.count)
        }
    }

    func artifact(named name: String, of user: String?) async throws(ToolServerError) -> ArtifactFile {
        reads.record(name)
        guard let file = files[user ?? ""]?[name] else {
            throw ToolServerError(message: "there is no artifact of this name", isNotFound: true)
        }
        return file
    }

    func skills(of user: String?) async throws(ToolServerError) -> [SkillInfo] {
        [SkillInfo(name: "pdf", description: "Reads PDF"), SkillInfo(name: "xlsx", description: "Reads tables")]
    }

    func skill(named name: String, of user: String?) async throws(ToolServerError) -> String {
        guard name == "pdf" else { throw ToolServerError(message: "there is no such skill", isNotFound: true) }
        return "# PDF ä"
    }

    func health() async -> [ToolServerHealth] { states }
    func close() async {}
}
