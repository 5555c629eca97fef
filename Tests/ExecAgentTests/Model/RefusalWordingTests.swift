import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// What endpoints refuse in words of their own, and what is sent then.
@Suite struct RefusalWordingTests {
    private static let tools = ["one", "two", "three", "four", "five"].map {
        FunctionTool(name: $0, description: "does", parameters: ["type": "object", "properties": [:]])
    }

    /// A conversation with a call and its result.
    private static let conversation = [
        ChatMessage(role: .system, text: "s"), ChatMessage(role: .user, text: "go"),
        ChatMessage(
            role: .assistant, content: [],
            toolCalls: [ChatToolCall(id: "call_abcdefghijklmnop", name: "one", arguments: "{}")]),
        ChatMessage(role: .tool, content: [.text("r")], toolCallID: "call_abcdefghijklmnop"),
    ]

    private struct Outcome {
        var notices: [String] = []
        var bodies: [JSON]
        var last: JSON { bodies.last ?? .null }
        var roles: [JSON] { StrictEndpoint.messages(last).compactMap { $0["role"] } }
    }

    /// Asks twice: the second time, what was learned is known.
    private func ask(
        refusing status: Int, _ body: String, messages: [ChatMessage] = conversation, parameters: JSONObject = [:],
        where isRefused: @escaping @Sendable (JSON) -> Bool
    ) async throws -> Outcome {
        let transport = StrictEndpoint([{ isRefused($0) ? (status, body) : nil }])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        let request = ChatRequest(model: "m", messages: messages, tools: Self.tools, parameters: parameters)
        let events = Recorder<ModelEvent>()
        _ = try await endpoint.complete(request) { events.record($0) }
        let count = transport.bodies.elements.count
        _ = try await endpoint.complete(request) { events.record($0) }
        #expect(transport.bodies.elements.count == count + 1, "what was learned is not asked again")
        let notices = events.elements.compactMap { if case .notice(let text) = $0 { text } else { nil } }
        return Outcome(notices: notices, bodies: transport.bodies.elements)
    }

    private static func has(_ role: JSON) -> @Sendable (JSON) -> Bool {
        { body in StrictEndpoint.messages(body).contains { $0["role"] == role } }
    }

    @Test(arguments: [
        #"{"error":{"message":"Unsupported value: 'messages[0].role' does not support 'system' with this model.","param":"messages[0].role","code":"unsupported_value"}}"#,
        #"[{"error":{"code":400,"message":"Developer instruction is not enabled for models/gemma-3-27b-it","status":"INVALID_ARGUMENT"}}]"#,
        #"{"error":{"message":"Only user and assistant roles are supported!"}}"#,
        #"{"detail":[{"loc":["body","messages",0,"role"],"msg":"Input should be 'user' or 'assistant'"}]}"#,
        #"{"error":{"message":"messages: Unexpected role \"system\". Use the top-level parameter."}}"#,
        "invalid role: system", "The role 'system' is not allowed",
        "'system' is not one of ['user', 'assistant'] - 'messages.0.role'",
        "System role not supported", "This model doesn't support system messages: system message is not allowed",
        "developer role is not supported", "Unknown role: system",
        "unknown variant `system`, expected `user` or `assistant` at messages[0].role",
    ])
    func instructionsBecomeTheUsersWhereThereIsNoSystem(body: String) async throws {
        let outcome = try await ask(
            refusing: 400, body, messages: Array(Self.conversation.prefix(2)), where: Self.has("system"))
        #expect(outcome.bodies.count == 3)
        #expect(outcome.notices.isEmpty)
        #expect(outcome.roles == ["user"])
        #expect(StrictEndpoint.messages(outcome.last).first?["content"] == "s\n\ngo")
    }

    @Test(arguments: [
        "Role 'tool' is not supported", "unsupported role: tool", "Invalid role: tool",
        #"{"error":{"message":"'tool' is not one of ['system', 'assistant', 'user', 'function'] - 'messages.3.role'"}}"#,
        #"{"detail":[{"loc":["body","messages",3,"role"],"msg":"Input should be 'system', 'user' or 'assistant'"}]}"#,
        #"{"error":{"message":"Invalid value: 'tool'. Supported values are: 'system', 'assistant', and 'user'.","param":"messages[3].role"}}"#,
        "messages[3].role: unknown variant `tool`, expected one of `system`, `user`, `assistant`",
        "Only system, user and assistant roles are supported", "The tool role is not supported by this model",
        "role must be one of system, user, assistant", "Unrecognized role \"tool\": it is not a valid role",
    ])
    func callsAreToldInTextWhereThereIsNoToolsRole(body: String) async throws {
        let outcome = try await ask(refusing: 400, body, where: Self.has("tool"))
        #expect(outcome.bodies.count == 3)
        #expect(outcome.roles == ["system", "user", "assistant", "user"])
        #expect(outcome.last.text.contains("<tool_response>"))
    }

    @Test(arguments: [
        (
            404,
            #"{"error":{"message":"No endpoints found that support tool use. To learn more about provider routing, visit: https://x","code":404}}"#
        ),
        (
            400,
            #"{"error":{"message":"registry.ollama.ai/library/gemma:2b does not support tools","type":"api_error"}}"#
        ),
        (
            400,
            #"{"object":"error","message":"\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set","code":400}"#
        ),
        (500, #"{"error":{"code":500,"message":"tools param requires --jinja flag","type":"server_error"}}"#),
        (400, #"{"error":{"message":"`tool calling` is not supported with this model","param":"tools"}}"#),
        (400, #"{"error":{"message":"Function calling is not enabled for models/gemma-3-27b-it"}}"#),
        (400, "This model doesn't support function calling"), (422, "Tool use is not supported by this model."),
        (400, #"{"error":{"message":"Unrecognized request argument supplied: tools"}}"#),
        (400, #"{"error":{"message":"property 'tools' is unsupported"}}"#), (501, "tools are not supported"),
    ])
    func toolsAreToldInWordsWhereNoneAreTaken(status: Int, body: String) async throws {
        let outcome = try await ask(refusing: status, body) { $0["tools"] != nil }
        #expect(outcome.bodies.count == 3)
        #expect(outcome.notices.count == 1)
        #expect(outcome.notices.first?.contains("its calls are read from its text") == true)
        let opening = try #require(StrictEndpoint.messages(outcome.last).first)
        #expect(opening["role"] == "system")
        #expect(opening["content"]?.stringValue?.hasPrefix("s\n\n# Tools") == true)
        #expect(Self.tools.allSatisfy { opening.text.contains(#"\"name\":\"\#($0.name)\""#) })
        #expect(outcome.roles == ["system", "user", "assistant", "user"])
    }

    @Test(arguments: [
        ("Too many tools", 2), ("Too many tools. Max is 2", 2), ("Too many tools provided: the limit is 3", 3),
        ("The number of tools exceeds the limit", 2),
        ("tools: array too long, maximum length is 4", 4), ("You can specify up to 4 tools", 4),
        ("tools must have fewer than 5 items: at most 4 tools are allowed", 4), ("Max: 3 tools, got 5", 3),
        ("Number of tools (5) is over the limit", 2), ("function_declarations: no more than 4 are supported", 4),
    ])
    func toolsBeyondTheNumberThatIsTakenAreLeftOutAndSaid(message: String, most: Int) async throws {
        let outcome = try await ask(refusing: 400, StrictEndpoint.error(message)) {
            StrictEndpoint.tools($0).count > most
        }
        #expect(StrictEndpoint.tools(outcome.last).count == most)
        #expect(outcome.notices.count == 1)
        #expect(outcome.notices.first?.contains("five") == true)
    }

    @Test(arguments: [
        ("Invalid 'input[2].id': 'call_abc'. Expected an ID that begins with 'fc'.", "fc_"),
        ("tool_call_id must start with \"toolu_\"", "toolu_"), ("Tool call id was x but must begin with call", "call"),
    ])
    func idsBeginAsIsDemanded(message: String, prefix: String) async throws {
        let outcome = try await ask(refusing: 400, StrictEndpoint.error(message)) { body in
            StrictEndpoint.calls(body).contains { $0["id"]?.stringValue?.hasPrefix(prefix) == false }
        }
        let id = StrictEndpoint.calls(outcome.last).first?["id"]
        #expect(StrictEndpoint.messages(outcome.last).last?["tool_call_id"] == id)
    }

    @Test(arguments: [
        "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 20.",
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9]+$'",
        "Value at 'messages.2.member.content.1.member.toolUseId' failed to satisfy constraint: Member must have length less than or equal to 20",
        "tool_call_id must be at most 20 characters",
    ])
    func idsAreShortWhereLongOnesAreRefused(message: String) async throws {
        let outcome = try await ask(refusing: 400, StrictEndpoint.error(message)) { body in
            StrictEndpoint.calls(body).contains { ($0["id"]?.stringValue?.count ?? 0) > 20 }
        }
        #expect(StrictEndpoint.calls(outcome.last).first?["id"]?.stringValue?.count == 9)
    }

    @Test(arguments: [
        #"{"error":{"message":"Your organization must be verified to stream this model.","param":"stream","code":"unsupported_value"}}"#,
        #"{"error":{"message":"Unsupported value: 'stream' does not support true with this model. Only the default (false) value is supported."}}"#,
        "Streaming is not supported for this model", "streaming mode is not supported",
        "stream mode not supported: stream must be false",
        "Streaming responses are not supported when tools are given", "This model does not support streaming",
        "stream is not supported",
    ])
    func theAnswerIsNotStreamedWhereThatIsRefused(body: String) async throws {
        let outcome = try await ask(refusing: 400, body) { $0["stream"] == true }
        #expect(outcome.bodies.count == 3)
        #expect(outcome.notices.isEmpty)
        #expect(outcome.last["stream"] == false)
        #expect(outcome.last["stream_options"] == nil)
        #expect(StrictEndpoint.tools(outcome.last).count == Self.tools.count)
    }

    @Test(arguments: [
        #"{"error":{"message":"Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.","param":"temperature","code":"unsupported_value"}}"#,
        #"{"error":{"message":"Unrecognized request argument supplied: temperature"}}"#,
        #"{"detail":[{"type":"extra_forbidden","loc":["body","temperature"],"msg":"Extra inputs are not permitted"}]}"#,
        #"{"error":{"message":"property 'temperature' is unsupported"}}"#,
        #"[{"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"temperature\": Cannot find field."}}]"#,
        "`temperature` is not supported", "unknown field `temperature`, expected one of `model`, `messages`",
    ])
    func aParameterThatIsNotTakenIsLeftOutAndSaid(body: String) async throws {
        let outcome = try await ask(refusing: 400, body, parameters: ["top_p": 1, "temperature": 0.2]) {
            $0["temperature"] != nil
        }
        #expect(outcome.bodies.count == 3)
        #expect(outcome.notices.count == 1)
        #expect(outcome.notices.first?.contains("'temperature', which is left out") == true)
        #expect(outcome.last["top_p"] == 1)
        #expect(StrictEndpoint.tools(outcome.last).count == Self.tools.count)
    }

    @Test func whatIsDemandedOfTheAnswerIsNotLeftOut() async throws {
        for name in ["max_tokens", "response_format"] {
            let body = StrictEndpoint.error("Unsupported parameter: '\(name)'")
            await #expect(throws: ModelError.self) {
                _ = try await ask(refusing: 400, body, parameters: [name: 5]) { $0[name] != nil }
            }
        }
    }

    @Test(arguments: [
        (400, "Invalid schema for function 'two': in context=('properties', 'three'), 'one' is not permitted."),
        (400, "tool `two` has a bad schema: \"four\" is not of type \"object\""),
    ])
    func theToolThatIsNamedIsBlamedAndNoneThatIsMerelyQuoted(status: Int, message: String) async throws {
        let outcome = try await ask(refusing: status, StrictEndpoint.error(message)) { body in
            StrictEndpoint.tools(body).contains { $0.name == "two" }
        }
        #expect(StrictEndpoint.tools(outcome.last).map(\.name) == ["one", "three", "four", "five"])
        #expect(outcome.notices.count == 1)
        #expect(outcome.notices.first?.contains("the tool two, which") == true)
    }

    @Test(arguments: [
        (400, "m is not a multimodal model", "described in words from now on"),
        (400, "image exceeds 5 MB maximum", "refuses a picture"),
    ])
    func picturesThatAreRefusedAreSaid(status: Int, message: String, words: String) async throws {
        let transport = StrictEndpoint([
            { body in body.text.contains("data:x") ? (status, StrictEndpoint.error(message)) : nil }
        ])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        let picture = ChatRequest(model: "m", messages: [ChatMessage(role: .user, content: [.imageURL("data:x")])])
        let events = Recorder<ModelEvent>()
        _ = try await endpoint.complete(picture) { events.record($0) }
        guard case .notice(let notice)? = events.elements.first else {
            Issue.record("\(events.elements)")
            return
        }
        #expect(notice.contains(words))
    }
}
