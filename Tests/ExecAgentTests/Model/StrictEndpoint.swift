import JSON
import OpenAI
import TestSupport

@testable import ExecAgent

/// An endpoint that refuses what its rules do not allow, in its own words, and answers everything else.
final class StrictEndpoint: Transport {
    /// What is wrong with a request, as status and body; `nil` for nothing.
    typealias Rule = @Sendable (JSON) -> (status: Int, body: String)?

    let host = "models.example"
    let bodies = Recorder<JSON>()
    private let rules: [Rule]

    init(_ rules: [Rule]) {
        self.rules = rules
    }

    func post(_ body: [UInt8]) -> AsyncThrowingStream<TransportEvent, any Error> {
        let value = (try? JSON.parse(body)) ?? .null
        bodies.record(value)
        let refusal = refusal(of: value)
        let answer = #"{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}"#
        return AsyncThrowingStream { continuation in
            continuation.yield(.head(UpstreamResponseHead(status: refusal?.status ?? 200)))
            continuation.yield(.bytes(Array((refusal?.body ?? answer).utf8)))
            continuation.finish()
        }
    }

    /// Asks each rule once: some remember.
    private func refusal(of body: JSON) -> (status: Int, body: String)? {
        for rule in rules {
            if let refusal = rule(body) { return refusal }
        }
        return nil
    }

    // MARK: - What is looked at

    static func messages(_ body: JSON) -> [JSON] { body["messages"]?.arrayValue ?? [] }
    static func calls(_ body: JSON) -> [JSON] { messages(body).flatMap { $0["tool_calls"]?.arrayValue ?? [] } }

    static func tools(_ body: JSON) -> [(name: String, schema: JSON)] {
        (body["tools"]?.arrayValue ?? []).map {
            ($0["function"]?["name"]?.stringValue ?? "", $0["function"]?["parameters"] ?? .null)
        }
    }

    /// All members of a schema and of those in it that say something, names of properties left out.
    static func words(_ schema: JSON) -> [String] {
        (schema.objectValue ?? JSONObject()).flatMap { member -> [String] in
            switch (member.key, member.value) {
            case ("properties", .object(let properties)): ["properties"] + properties.flatMap { words($0.value) }
            case (_, .object): [member.key] + words(member.value)
            case (_, .array(let elements)): [member.key] + elements.flatMap(words)
            default: [member.key]
            }
        }
    }

    static func isName(_ text: String) -> Bool {
        1...64 ~= text.count && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) }
    }

    static func error(_ message: String, _ more: String = "") -> String {
        #"{"error":{"message":\#(JSON.string(message).text)\#(more)}}"#
    }

    // MARK: - The rules

    /// OpenAI: tools and names.
    static let openAI: [Rule] = [
        { body in
            for (place, tool) in tools(body).enumerated() {
                let top = tool.schema.objectValue?.keys ?? []
                let problem: String? =
                    if tool.schema["type"] != "object" {
                        "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."
                    } else if tool.schema["properties"]?.objectValue == nil {
                        "In context=(), object schema missing properties."
                    } else if ["anyOf", "oneOf", "allOf", "enum", "not"].contains(where: top.contains) {
                        "schema must not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level."
                    } else if words(tool.schema).contains("forbidden") {
                        "'forbidden' is not permitted."
                    } else {
                        nil
                    }
                if let problem {
                    let more = #","param":"tools[\#(place)].function.parameters","code":"invalid_function_parameters""#
                    return (400, error("Invalid schema for function '\(tool.name)': \(problem)", more))
                }
            }
            return nil
        },
        { body in
            for (place, call) in calls(body).enumerated()
            where !isName(call["function"]?["name"]?.stringValue ?? "") {
                return (400, error("Invalid 'messages[2].tool_calls[\(place)].function.name': does not match pattern."))
            }
            return nil
        },
    ]

    /// Gemini: few words in schemas, and a signature with the first call of each message.
    static let gemini: [Rule] = [
        { body in
            let known: Set = ["type", "description", "properties", "required", "items", "enum"]
            for (place, tool) in tools(body).enumerated() {
                guard let word = words(tool.schema).first(where: { !known.contains($0) }) else { continue }
                let way = "tools[0].function_declarations[\(place)].parameters.properties[0].value"
                let message = "Invalid JSON payload received. Unknown name \"\(word)\" at '\(way)': Cannot find field."
                let refusal = error(message, #","code":400,"status":"INVALID_ARGUMENT""#)
                return (400, "[\(refusal)]")
            }
            return nil
        },
        { body in
            for message in messages(body) {
                guard let call = message["tool_calls"]?.arrayValue?.first else { continue }
                guard call["extra_content"]?["google"]?["thought_signature"] == nil else { continue }
                return (400, "[\(error("Function call is missing a thought_signature in functionCall parts."))]")
            }
            return nil
        },
    ]

    /// Mistral: the order of roles, ids of nine characters, no members of others.
    static let mistral: [Rule] = [
        { body in
            for (first, second) in zip(messages(body), messages(body).dropFirst())
            where first["role"] == "tool" && second["role"] == "user" {
                return (
                    400,
                    #"{"object":"error","message":"Unexpected role 'user' after role 'tool'","type":"invalid_request_message_order","code":"3230"}"#
                )
            }
            return nil
        },
        { body in
            for call in calls(body) where call["id"]?.stringValue?.count != 9 {
                let id = call["id"]?.stringValue ?? ""
                return (
                    400,
                    #"{"object":"error","message":"Tool call id was \#(id) but must be a-z, A-Z, 0-9, with a length of 9.","code":"3280"}"#
                )
            }
            return nil
        },
        { body in
            for message in messages(body) {
                guard let key = message.objectValue?.keys.first(where: { $0.hasPrefix("reasoning") }) else { continue }
                return (
                    422,
                    #"{"detail":[{"type":"extra_forbidden","loc":["body","messages",2,"assistant","\#(key)"],"msg":"Extra inputs are not permitted"}]}"#
                )
            }
            return nil
        },
    ]

    /// DeepSeek: what was thought comes back with the calls of the run, and nothing of earlier runs.
    static let deepSeek: [Rule] = [
        { body in
            let start = messages(body).lastIndex { $0["role"] == "user" && $0["content"]?.stringValue != nil } ?? 0
            for (place, message) in messages(body).enumerated() where message["tool_calls"] != nil {
                if place > start, message["reasoning_content"] == nil {
                    return (400, error("The `reasoning_content` in the thinking mode must be passed back to the API."))
                }
                if place < start, message["reasoning_content"] != nil {
                    return (400, error("reasoning_content of earlier turns must be removed"))
                }
            }
            return nil
        }
    ]

    /// OpenRouter: says what a provider said.
    static let openRouter: [Rule] = mistral.map { rule in
        { body in
            rule(body).map { refusal in
                let raw = JSON.string(refusal.body).text
                return (400, #"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":\#(raw)}}}"#)
            }
        }
    }

    /// Ollama: no null, arguments that are an object.
    static let ollama: [Rule] = [
        { body in
            messages(body).contains { ($0["content"] ?? .null) == .null }
                ? (400, error("invalid message content type: <nil>")) : nil
        },
        { body in
            for call in calls(body)
            where (try? JSON.parse(call["function"]?["arguments"]?.stringValue ?? ""))?.objectValue == nil {
                return (400, error("invalid tool call arguments"))
            }
            return nil
        },
    ]

    /// vLLM with a template that wants the speakers to take turns; its refusals are pydantic's.
    static let vLLM: [Rule] =
        [
            { body in
                for (first, second) in zip(messages(body), messages(body).dropFirst())
                where first["role"] == second["role"] && first["role"] != "tool" {
                    return (
                        400,
                        #"{"object":"error","message":"Conversation roles must alternate user/assistant/user/assistant/...","type":"BadRequestError","code":400}"#
                    )
                }
                return nil
            },
            { body in
                for (place, tool) in tools(body).enumerated() where words(tool.schema).contains("forbidden") {
                    return (
                        422,
                        #"{"detail":[{"loc":["body","tools",\#(place),"function","parameters"],"msg":"value is not a valid schema"}]}"#
                    )
                }
                return nil
            },
        ] + ollama

    /// vLLM with a template that knows no system.
    static let gemma: [Rule] =
        [
            { body in
                messages(body).contains { $0["role"] == "system" }
                    ? (400, #"{"object":"error","message":"System role not supported","code":400}"#) : nil
            }
        ] + vLLM

    // MARK: - llama.cpp with the templates of models

    /// What the server says where a template raises an exception.
    private static func template(_ exception: String) -> (Int, String) {
        let way = "While executing CallExpression at line 91, column 40 in source:\n...{{- raise_exception(\"To..."
        let words = "Unable to generate parser for this template. Automatic parser generation failed: \n-----\n\(way)"
        return (
            400, error("\(words)\n   ^\nError: \(exception)", #","code":400,"type":"invalid_request_error""#)
        )
    }

    /// Ids of nine characters, and speakers that take turns but for calls and results.
    static let mistralTemplate: [Rule] = [
        { body in
            calls(body).contains { $0["id"]?.stringValue?.count != 9 }
                ? template("Jinja Exception: Tool call IDs should be alphanumeric strings with length 9!") : nil
        },
        { body in
            let spoken = messages(body).filter { $0["role"] != "tool" && $0["role"] != "system" }
                .filter { $0["tool_calls"] == nil }.map { $0["role"] }
            return zip(spoken, spoken.dropFirst()).contains { $0 == $1 }
                ? template(
                    "Jinja Exception: After the optional system message, conversation roles must alternate user and"
                        + " assistant roles except for tool calls and results.") : nil
        },
    ]

    /// One call in a message.
    static let llamaTemplate: [Rule] = [
        { body in
            messages(body).contains { $0["tool_calls"]?.arrayValue.map { $0.count > 1 } ?? false }
                ? template("Jinja Exception: This model only supports single tool-calls at once!") : nil
        }
    ]

    /// Two speakers that take turns, and nobody else.
    static let gemmaTemplate: [Rule] = [
        { body in
            let roles = messages(body).map { $0["role"] }.filter { $0 != "system" }
            let expected: [JSON] = ["user", "assistant"]
            return roles.enumerated().contains { $1 != expected[$0 % 2] }
                ? template("Jinja Exception: Conversation roles must alternate user/assistant/user/assistant/...") : nil
        }
    ]

    /// The same, in other words.
    static let twoRoles: [Rule] = [
        { body in
            let roles = messages(body).map { $0["role"] }
            return roles.contains("system")
                ? (400, #"{"object":"error","message":"System role not supported","code":400}"#)
                : roles.contains("tool")
                    ? (400, #"{"object":"error","message":"Only user and assistant roles are supported!"}"#) : nil
        }
    ]

    /// Schemas whose types are one word; it says what went wrong within the template.
    static let hermesTemplate: [Rule] = [
        { body in
            tools(body).contains {
                $0.schema["properties"]?.objectValue?.contains { $0.value["type"]?.arrayValue != nil } ?? false
            } ? template("Object key of unhashable type: Array") : nil
        }
    ]

    /// LM Studio: texts alone.
    static let lmStudio: [Rule] = [
        { body in
            messages(body).contains { $0["content"]?.arrayValue != nil }
                ? (400, #"{"error":"Invalid 'content': 'content' objects must be a string; images are not supported"}"#)
                : nil
        }
    ]

    /// llama.cpp: makes a grammar of all schemas, and does not say of which it could not.
    static let llamaCpp: [Rule] = [
        { body in
            let known: Set = ["type", "description", "properties", "required", "items", "enum", "anyOf", "const"]
            guard let word = tools(body).flatMap({ words($0.schema) }).first(where: { !known.contains($0) }) else {
                return nil
            }
            let message = "JSON schema conversion failed:\nUnrecognized schema: {\"\(word)\":1}"
            return (500, error(message, #","code":500,"type":"server_error""#))
        },
        { body in
            messages(body).contains { $0["content"]?.arrayValue != nil }
                ? (500, error("image input is not supported - hint: if this is unexpected, you may need the mmproj"))
                : nil
        },
    ]
}
