import JSON
import OpenAI

/// The prompts that tell a model about the client's functions, one of which its answer must call.
enum DemandText {
    /// Returns the functions as a phrase.
    static func names(_ demand: CallDemand) -> String {
        let names = demand.functions.prefix(8).map { "'\($0.name.prefix(64))'" }
        let all = demand.functions.count > names.count ? names + ["…"] : names
        return all.count == 1 ? "the function \(all[0])" : "one of the functions \(all.joined(separator: ", "))"
    }

    /// Returns the opening of the run: the client's own instructions, ours, then the conversation. Earlier calls of
    /// these functions are rewritten as plain answers: otherwise a model would take them for calls of a tool that it
    /// has.
    static func opening(_ conversation: [ChatMessage], _ demand: CallDemand) -> [ChatMessage] {
        let own = conversation.prefix(while: \.isInstruction)
        let instruction = ChatMessage(role: .system, text: instruction(demand))
        return own + [instruction] + asAnswers(Array(conversation.dropFirst(own.count)), demand)
    }

    /// Returns the prompt for a model whose answer isn't a call.
    static func correction(_ demand: CallDemand) -> String {
        """
        Your answer contains no JSON object that \(names(demand)) can be called with, and a program waits for it. Give \
        your answer again as that JSON object, with nothing before or after it.
        \(object(demand))
        """
    }

    /// Returns the `response_format` for such an answer.
    static func form(_ demand: CallDemand) -> JSON {
        let only = demand.functions.count == 1 ? demand.functions[0] : nil
        let schema: JSON =
            only?.parameters ?? [
                "type": "object",
                "properties": [
                    CallDemand.nameMember: [
                        "type": "string", "enum": .array(demand.functions.map { .string($0.name) }),
                    ],
                    // The functions' own schemas aren't embedded: their references are relative to their own roots.
                    "arguments": ["type": "object"],
                ],
                "required": [.string(CallDemand.nameMember), "arguments"],
            ]
        let name = ToolName.acceptable(only?.name ?? "answer")
        return ["type": "json_schema", "json_schema": ["name": .string(name), "schema": schema]]
    }

    private static func instruction(_ demand: CallDemand) -> String {
        """
        Your answer is read by a program, which calls \(names(demand)) with it. It is not one of your tools: do not call \
        it yourself. Do what is asked, with your own tools if they are useful, and then answer with one JSON object \
        and nothing before or after it.
        \(object(demand))
        """
    }

    /// Describes the JSON object.
    private static func object(_ demand: CallDemand) -> String {
        func lines(_ function: FunctionTool) -> String {
            let about = function.description.isEmpty ? "" : "What it is for: \(function.description)\n"
            return about + "JSON Schema of its arguments: \(function.parameters.text)"
        }
        if demand.functions.count == 1 {
            return "The object contains the arguments of the function.\n\(lines(demand.functions[0]))"
        }
        let form = #"{"\#(CallDemand.nameMember)": "…", "arguments": {…}}"#
        let all = demand.functions.map { "The function '\($0.name)'. \(lines($0))" }
        return "The object names the function and contains its arguments: \(form)\n" + all.joined(separator: "\n")
    }

    // MARK: - Earlier answers

    private static func asAnswers(_ messages: [ChatMessage], _ demand: CallDemand) -> [ChatMessage] {
        let names = Set(demand.functions.map(\.name))
        var answered: Set<String> = []
        return messages.map { message in
            var message = message
            if !message.toolCalls.isEmpty {
                answered = []
                guard message.toolCalls.allSatisfy({ names.contains($0.name) }) else { return message }
                answered = Set(message.toolCalls.map(\.id))
                let said = message.toolCalls.map { answer($0, demand) }
                let text = ([message.text] + said).filter { !$0.isEmpty }.joined(separator: "\n\n")
                return ChatMessage(role: .assistant, text: text)
            }
            if let id = message.toolCallID, answered.contains(id) {
                message.role = .user
                message.toolCallID = nil
                message.name = nil
                message.content.insert(.text("[The program's response to this call:] "), at: 0)
            }
            return message
        }
    }

    private static func answer(_ call: ChatToolCall, _ demand: CallDemand) -> String {
        if demand.functions.count == 1 { return call.arguments }
        let arguments = (try? JSON.parseModelText(Array(call.arguments.utf8))) ?? .string(call.arguments)
        return JSON.object([CallDemand.nameMember: .string(call.name), "arguments": arguments]).text
    }
}
