import JSON
import OpenAI

extension AgentEvent {
    /// Maximum size of a call's arguments to include: the contents of a written file, for example, would be too much.
    private static let maxArguments = 16 * 1024

    /// Serializes the event for machines: the output of `--json` and the API's `exec_agent` member.
    var json: JSON {
        switch self {
        case .text(let text):
            return ["type": "text", "text": .string(text)]
        case .toolStarted(let call):
            let beginning = String(decoding: call.arguments.utf8.prefix(Self.maxArguments), as: UTF8.self)
            return [
                "type": "tool_started", "id": .string(call.id), "name": .string(call.name),
                "arguments": .string(beginning),
            ]
        case .toolProgress(let callID, let message):
            return ["type": "tool_progress", "id": .string(callID), "message": .string(message)]
        case .toolOutput(let output):
            return .object(output.json)
        case .toolEnded(let end):
            return end.json
        case .questionAsked(let question):
            var object: JSONObject = ["type": "question"]
            for member in question.json { object[member.key] = member.value }
            return .object(object)
        case .questionClosed(let question, let outcome):
            var object: JSONObject = [
                "type": "question_closed", "id": .string(question.id), "call_id": .string(question.callID),
                "outcome": .string(outcome.name),
            ]
            object["decision"] = question.decision(in: outcome).map { .string($0.rawValue) }
            return .object(object)
        case .retrying(let reason, let seconds):
            return ["type": "retrying", "reason": .string(reason), "seconds": .double(seconds)]
        case .turnEnded(let end):
            return end.json
        case .notice(let message):
            return ["type": "notice", "message": .string(message)]
        }
    }
}

extension AgentEvent.ToolEnd {
    fileprivate var json: JSON {
        var object: JSONObject = [
            "type": "tool_ended", "id": .string(callID), "name": .string(name), "is_error": .bool(isError),
        ]
        if let exitCode { object["exit_code"] = .integer(exitCode) }
        object["seconds"] = .double((duration * 1000).rounded() / 1000)
        object["artifacts"] = .array(artifacts.map(JSON.string))
        return .object(object)
    }
}

extension AgentEvent.TurnEnd {
    fileprivate var json: JSON {
        var object: JSONObject = ["type": "turn_usage", "turn": .integer(turn)]
        object["prompt_tokens"] = usage.map { .integer($0.prompt) }
        object["completion_tokens"] = usage.map { .integer($0.completion) }
        object["seconds"] = .double((duration * 1000).rounded() / 1000)
        return .object(object)
    }
}
