import JSON
import OpenAI

/// An answer that is a call of a client's function, in the API's format.
struct DemandedAnswer: Sendable, Equatable {
    let call: ChatToolCall
    let isLegacy: Bool
    let finishReason: FinishReason

    /// - Parameter id: the id of the call.
    init(_ call: ChatToolCall, to demand: CallDemand, id: String) {
        self.call = ChatToolCall(id: id, name: call.name, arguments: call.arguments)
        isLegacy = demand.isLegacy
        // At OpenAI the reason is `tool_calls` only if the model had the choice.
        finishReason = demand.isNamed ? .stop : .toolCalls
    }

    private func function(_ arguments: String) -> JSON {
        ["name": .string(call.name), "arguments": .string(arguments)]
    }

    /// The message of a non-streamed answer.
    var message: JSON {
        var message: JSONObject = ["role": "assistant", "content": nil]
        if isLegacy {
            message["function_call"] = function(call.arguments)
        } else {
            message["tool_calls"] = [call.json]
        }
        return .object(message)
    }

    /// The deltas of a stream, after the one with the role.
    var deltas: [JSON] {
        let rest: JSON = ["arguments": .string(call.arguments)]
        if isLegacy { return [["function_call": function("")], ["function_call": rest]] }
        let head: JSON = ["index": 0, "id": .string(call.id), "type": "function", "function": function("")]
        return [["tool_calls": [head]], ["tool_calls": [["index": 0, "function": rest]]]]
    }
}
