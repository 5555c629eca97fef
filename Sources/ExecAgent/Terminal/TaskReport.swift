import JSON
import OpenAI

/// The result of a task, for the caller of the program.
struct TaskReport: Sendable, Equatable {
    enum Status: String, Sendable {
        case answered
        /// The model's answer was cut off by its own token limit.
        case cut
        /// A limit of the run was reached.
        case limit
        case failed
        case interrupted

        /// The program's exit status.
        var exitStatus: Int32 {
            switch self {
            case .answered: 0
            case .failed: 1
            case .cut, .limit: 3
            // As in shells after Ctrl-C.
            case .interrupted: 130
            }
        }
    }

    var status: Status
    /// The model's last text.
    var answer = ""
    /// Why the task ended without a complete answer, in one line; `nil` if it was answered.
    var reason: String?
    var usage: TokenUsage?
    var artifacts: [SavedArtifact] = []

    init(status: Status, reason: String? = nil) {
        self.status = status
        self.reason = reason
    }

    init(_ result: RunResult) {
        switch result.end {
        case .answered: status = .answered
        case .cut:
            status = .cut
            reason = "the answer was cut at the model's own token limit"
        case .limit(let sentence):
            status = .limit
            reason = sentence
        }
        answer = result.messages.last?.text ?? ""
        usage = result.usage
    }

    /// The report as the last line of `--json` output.
    var json: JSON {
        var object: JSONObject = ["type": "result", "status": .string(status.rawValue), "answer": .string(answer)]
        object["reason"] = reason.map { .string($0) }
        object["usage"] = usage.map {
            ["prompt_tokens": .integer($0.prompt), "completion_tokens": .integer($0.completion)]
        }
        object["artifacts"] = .array(artifacts.map { ["name": .string($0.name), "path": .string($0.path)] })
        return .object(object)
    }
}
