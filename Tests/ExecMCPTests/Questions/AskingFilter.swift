import Bridge
import Diagnostics
import ExecCore
import JSON
import MCP
import MCPServers
import TestSupport

@testable import ExecMCP

/// Asks the person behind the client before each call of a tool does its work, and answers with what became of it.
struct AskingFilter: CallInterceptor {
    /// What it asks, one after the other, or all at once.
    var rounds: [[UserQuestion]] = [[.approval]]
    let answers = Recorder<UserAnswer>()
    /// What it waits for after each of its two lines of progress, `before` and `after`; `nil` for nothing.
    var gates: (before: AsyncGate, after: AsyncGate)?

    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
        guard let interaction = call.interaction else {
            return .tool(ToolResult(content: [.text("nobody can be asked")]))
        }
        call.progress.report?("before")
        await gates?.before.wait()
        var texts: [String] = []
        for round in rounds {
            let answers = await withTaskGroup(of: (Int, UserAnswer).self) { group in
                for (number, question) in round.enumerated() {
                    group.addTask { (number, await interaction.ask(question)) }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for number in round.indices {
                let answer = answers[number] ?? .cancel
                self.answers.record(answer)
                texts.append(answer.text)
            }
        }
        call.progress.report?("after")
        await gates?.after.wait()
        return .tool(ToolResult(content: [.text(texts.joined(separator: ", "))]))
    }
}

extension UserAnswer {
    /// The answer in a word, for a result.
    var text: String {
        switch self {
        case .accept(let content): "accept \(JSON.object(content).text)"
        case .decline: "decline"
        case .cancel: "cancel"
        case .unavailable(let reason): "unavailable: \(reason)"
        case .failed(let reason): "failed: \(reason)"
        }
    }
}

extension UserQuestion {
    /// A question with one selection.
    static let approval = UserQuestion(
        message: "May git.push be called?",
        request: .form(schema: [
            "type": "object",
            "properties": [
                "decision": [
                    "type": "string",
                    "oneOf": [["const": "once", "title": "Allow this call"], ["const": "deny", "title": "Refuse"]],
                ]
            ],
            "required": ["decision"],
        ]), details: ["kind": "approval", "server": "git", "tool": "push"])

    /// A visit to a URL.
    static let visit = UserQuestion(message: "Sign in.", request: .url("https://example.org/", id: "e1"))
}

extension Bridge {
    /// A bridge to a server that is never started.
    static func idle() -> Bridge {
        Bridge(
            [BridgeServerEntry(ToolServerEntry(name: "git", command: "/nonexistent"))], environment: [:],
            stateDirectory: nil, logger: Logger(program: "exec-mcp", level: .error) { _ in })
    }
}
