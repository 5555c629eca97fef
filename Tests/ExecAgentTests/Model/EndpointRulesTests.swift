import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Requests as endpoints with the published rules of their kind take them.
@Suite struct EndpointRulesTests {
    private static let endpoints: [(name: String, rules: [StrictEndpoint.Rule])] = [
        ("OpenAI", StrictEndpoint.openAI), ("Gemini", StrictEndpoint.gemini), ("Mistral", StrictEndpoint.mistral),
        ("DeepSeek", StrictEndpoint.deepSeek), ("OpenRouter", StrictEndpoint.openRouter),
        ("Ollama", StrictEndpoint.ollama), ("vLLM", StrictEndpoint.vLLM), ("Gemma", StrictEndpoint.gemma),
        ("LM Studio", StrictEndpoint.lmStudio),
        ("llama.cpp", StrictEndpoint.llamaCpp), ("Mistral's template", StrictEndpoint.mistralTemplate),
        ("Llama's template", StrictEndpoint.llamaTemplate), ("Gemma's template", StrictEndpoint.gemmaTemplate),
        ("two roles", StrictEndpoint.twoRoles), ("Hermes' template", StrictEndpoint.hermesTemplate),
    ]

    private static let tools = [
        ("bare", #"{"type":"object"}"#), ("nothing", "{}"), ("null", "null"),
        ("union", #"{"anyOf":[{"properties":{"a":{"const":"x"}},"required":["a"]},{"type":"object"}]}"#),
        ("list", #"{"properties":{"l":{"type":"array"},"n":{"type":["string","null"],"format":"uri"},"t":true}}"#),
        (
            "reference",
            ##"{"$schema":"s","$ref":"#/$defs/In","$defs":{"P":{"type":"integer","minimum":1},"##
                + ##""In":{"type":"object","properties":{"p":{"$ref":"#/$defs/P"}}}}}"##
        ),
    ].map { FunctionTool(name: $0.0, description: "does", parameters: (try? JSON.parse($0.1)) ?? "not JSON") }

    private static func call(_ id: String, _ name: String, _ arguments: String, _ extra: JSONObject = [:])
        -> ChatToolCall
    {
        ChatToolCall(id: id, name: name, arguments: arguments, extra: extra)
    }

    /// A second run of a conversation, in its middle: what every endpoint stumbles over is in it.
    private static var conversation: [ChatMessage] {
        let signature: JSONObject = ["extra_content": ["google": ["thought_signature": "SIG"]]]
        var first = ChatMessage(role: .assistant, content: [], toolCalls: [call("call_1", "no such.tool", "{")])
        first.extra = ["reasoning_content": "old"]
        var second = ChatMessage(
            role: .assistant, content: [],
            toolCalls: [call("call_2", "bare", "{}", signature), call("call_3", "nothing", "")])
        second.extra = ["reasoning_content": "new"]
        return [
            ChatMessage(role: .system, text: "s"), ChatMessage(role: .user, text: "one"),
            ChatMessage(role: .user, text: "more"), first,
            ChatMessage(role: .tool, content: [.text("r")], toolCallID: "call_1"),
            ChatMessage(role: .assistant, text: "done"), ChatMessage(role: .user, text: "two"), second,
            ChatMessage(role: .tool, content: [.text("r")], toolCallID: "call_2"),
            ChatMessage(role: .tool, content: [.text("r")], toolCallID: "call_3"),
            ChatMessage(role: .user, content: [.text("The picture:"), .imageURL("data:x")]),
        ]
    }

    private func ask(
        _ endpoint: Endpoint, _ tools: [FunctionTool] = Self.tools, _ messages: [ChatMessage] = Self.conversation
    ) async throws -> [ModelEvent] {
        let events = Recorder<ModelEvent>()
        let request = ChatRequest(model: "m", messages: messages, tools: tools)
        _ = try await endpoint.complete(request) {
            if case .text = $0 { return }; events.record($0)
        }
        return events.elements
    }

    @Test(arguments: endpoints.map(\.name))
    func everyEndpointTakesARequestInTheEndAndTheNextOneAtOnce(name: String) async throws {
        let rules = Self.endpoints.first { $0.name == name }?.rules ?? []
        let transport = StrictEndpoint(rules)
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        let events = try await ask(endpoint)
        #expect(events.allSatisfy { $0 == .notice(Endpoint.picturesNotice) }, "nothing is lost but what is told")
        let count = transport.bodies.elements.count
        #expect(count <= 12)
        #expect(try await ask(endpoint) == [])
        #expect(transport.bodies.elements.count == count + 1)
        let last = try #require(transport.bodies.elements.last)
        #expect(StrictEndpoint.tools(last).map(\.name) == Self.tools.map(\.name))
        let ids = StrictEndpoint.calls(last).map { $0["id"] }
        #expect(StrictEndpoint.messages(last).compactMap { $0["tool_call_id"] } == ids.compactMap { $0 })
    }

    @Test func whatAllDemandIsRightTheFirstTime() async throws {
        for rules in [StrictEndpoint.openAI, StrictEndpoint.ollama, StrictEndpoint.deepSeek] {
            let transport = StrictEndpoint(rules)
            _ = try await ask(Endpoint(EndpointOptions(), transport: transport) { _ in })
            #expect(transport.bodies.elements.count == 1)
        }
    }

    @Test(arguments: [
        #"{"error":{"message":"Invalid schema for response_format 'bare': no."}}"#,
        #"{"error":{"message":"json mode cannot be combined with tool/function calling"}}"#,
        #"{"error":{"message":"Function calling with a response mime type: 'application/json' is unsupported"}}"#,
        #"{"error":{"message":"no schema","param":"response_format"}}"#, "Structured outputs with tools: bad schema",
    ])
    func aFormOfTheAnswerThatIsRefusedTeachesNothingOfTools(refusal: String) async throws {
        let transport = StrictEndpoint([{ body in body["response_format"] == nil ? nil : (400, refusal) }])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        var request = ChatRequest(model: "m", messages: [ChatMessage(role: .user, text: "hi")], tools: Self.tools)
        _ = try await endpoint.complete(request) { _ in }
        let before = transport.bodies.elements.last
        request.parameters = ["response_format": ["type": "json_object"]]
        let formed = request
        await #expect(throws: ModelError.self) { _ = try await endpoint.complete(formed) { _ in } }
        #expect(transport.bodies.elements.count == 2)
        request.parameters = [:]
        _ = try await endpoint.complete(request) { _ in }
        #expect(transport.bodies.elements.last == before)
    }

    @Test(arguments: [
        #"{"error":{"message":"Invalid schema for function 'bad': no."}}"#,
        #"{"error":{"message":"no","param":"tools[1].function.parameters"}}"#,
        #"{"error":{"message":"tools.1.custom.input_schema: no"}}"#,
        "Invalid tool `bad`: its schema cannot be compiled",
        #"{"detail":[{"loc":["body","tools",1,"function"],"msg":"no schema"}]}"#,
    ])
    func aToolThatIsRefusedHoweverItIsWrittenIsLeftOutAndSaid(refusal: String) async throws {
        let transport = StrictEndpoint([
            { body in StrictEndpoint.tools(body).contains { $0.name == "bad" } ? (400, refusal) : nil }
        ])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        let tools = ["good", "bad", "other"].map { FunctionTool(name: $0, description: "", parameters: [:]) }
        let events = try await ask(endpoint, tools)
        guard case .notice(let notice)? = events.first, events.count == 1 else {
            Issue.record("\(events)")
            return
        }
        #expect(notice.contains("refuses the tool bad"))
        #expect(transport.bodies.elements.map { StrictEndpoint.tools($0).count } == [3, 3, 2])
        #expect(try await ask(endpoint, tools) == [])
        #expect(transport.bodies.elements.count == 4)
    }

    @Test(arguments: [
        "* GenerateContentRequest.contents[2].parts[0].function_response.name: Name cannot be empty.\n",
        "tool message must have a name", "messages[3]: role 'tool' requires a name", "Tool result: missing name",
        "Messages with role `tool`: \"name\" is required",
        "contents.parts.functionResponse.name: name must not be empty",
    ])
    func resultsSayTheirToolWhereThatIsDemanded(message: String) async throws {
        let transport = StrictEndpoint([
            { body in
                let results = StrictEndpoint.messages(body).filter { $0["role"] == "tool" }
                return results.allSatisfy { $0["name"] != nil } ? nil : (400, StrictEndpoint.error(message))
            }
        ])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        #expect(try await ask(endpoint) == [])
        #expect(transport.bodies.elements.count == 2)
        let messages = StrictEndpoint.messages(try #require(transport.bodies.elements.last))
        let names = StrictEndpoint.calls(["messages": .array(messages)]).map { $0["function"]?["name"] }
        #expect(messages.filter { $0["role"] == "tool" }.map { $0["name"] } == names)
        #expect(messages.allSatisfy { $0["content"] != nil }, "no text is left out")
        #expect(try await ask(endpoint) == [])
        #expect(transport.bodies.elements.count == 3)
    }

    @Test func severalCallsBecomeOneAMessageEachBeforeItsResult() async throws {
        let transport = StrictEndpoint(StrictEndpoint.llamaTemplate)
        _ = try await ask(Endpoint(EndpointOptions(), transport: transport) { _ in })
        let body = try #require(transport.bodies.elements.last)
        let told = StrictEndpoint.messages(body).suffix(5).map {
            $0["tool_calls"]?.arrayValue?.first?["id"] ?? $0["tool_call_id"] ?? $0["role"]
        }
        #expect(told == ["call_2", "call_2", "call_3", "call_3", "user"])
        let thoughts = StrictEndpoint.messages(body).compactMap { $0["reasoning_content"] }
        #expect(thoughts == ["new"], "what was thought is said once")
    }

    @Test(arguments: [StrictEndpoint.gemmaTemplate, StrictEndpoint.twoRoles])
    func callsAreToldInTextWhereATemplateKnowsNone(rules: [StrictEndpoint.Rule]) async throws {
        let transport = StrictEndpoint(rules)
        _ = try await ask(Endpoint(EndpointOptions(), transport: transport) { _ in })
        let messages = StrictEndpoint.messages(try #require(transport.bodies.elements.last))
        #expect(messages.allSatisfy { $0["tool_calls"] == nil && $0["tool_call_id"] == nil })
        let call = try #require(messages.dropLast().last?["content"]?.stringValue)
        let first = #"<tool_call>\n{"name":"bare","arguments":{}}\n</tool_call>"#.replacing("\\n", with: "\n")
        #expect(call.hasPrefix(first + "\n<tool_call>\n"), "\(call)")
        #expect(call.contains(#""name":"nothing""#), "\(call)")
        let results = try #require(messages.last?["content"]?.arrayValue).compactMap { $0["text"]?.stringValue }
        #expect(results.joined().ranges(of: "<tool_response>\nr\n</tool_response>").count == 2)
        #expect(messages.last?["content"]?.arrayValue?.last?["type"] == "image_url")
    }

    @Test(arguments: [
        "This model only supports single tool-calls at once!", "Only one tool call per message is supported",
        "multiple tool calls are not allowed in one assistant message",
    ])
    func aConversationWithoutSeveralCallsIsNotAskedAgainForThem(message: String) async {
        let transport = StrictEndpoint([{ _ in (400, StrictEndpoint.error(message)) }])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        await #expect(throws: ModelError.self) {
            try await ask(endpoint, [], [ChatMessage(role: .user, text: "one")])
        }
        #expect(transport.bodies.elements.count == 1)
    }

    @Test func aLongDescriptionIsCutWhereItIsTooLong() async throws {
        let transport = StrictEndpoint([
            { body in
                let texts = (body["tools"]?.arrayValue ?? []).map { $0["function"]?["description"]?.stringValue ?? "" }
                guard let place = texts.firstIndex(where: { $0.count > 1024 }) else { return nil }
                let words = "string too long. Expected a string with maximum length 1024, but got one with length 3000."
                return (400, StrictEndpoint.error("Invalid 'tools[\(place)].function.description': \(words)"))
            }
        ])
        let tools = ["a", "b"].map {
            FunctionTool(name: $0, description: String(repeating: $0, count: $0 == "b" ? 3000 : 10), parameters: [:])
        }
        #expect(try await ask(Endpoint(EndpointOptions(), transport: transport) { _ in }, tools) == [])
        #expect(transport.bodies.elements.map { StrictEndpoint.tools($0).count } == [2, 2])
    }

    @Test(arguments: [
        "Invalid 'tools': array too long. Expected an array with maximum length 3, but got an array with length 5 instead.",
        "too many tools: at most 3 are supported", "The number of tools exceeds the maximum of 3",
    ])
    func toolsBeyondTheNumberThatIsTakenAreLeftOutAndSaid(message: String) async throws {
        let transport = StrictEndpoint([
            { body in
                StrictEndpoint.tools(body).count > 3 ? (400, StrictEndpoint.error(message)) : nil
            }
        ])
        let tools = (1...5).map { FunctionTool(name: "t\($0)", description: "", parameters: [:]) }
        let events = try await ask(Endpoint(EndpointOptions(), transport: transport) { _ in }, tools)
        #expect(events == [.notice("the model's API accepts at most 3 tools; left out: t4, t5")])
    }

    @Test func aRefusalWithoutEndIsNotAskedWithoutEnd() async {
        let transport = StrictEndpoint([
            { body in
                StrictEndpoint.tools(body).first.map {
                    (400, StrictEndpoint.error("Invalid schema for function '\($0.name)'"))
                }
            }
        ])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        let tools = (0..<500).map { FunctionTool(name: "t\($0)", description: "", parameters: [:]) }
        await #expect(throws: ModelError.self) { try await ask(endpoint, tools) }
        #expect(transport.bodies.elements.count == Endpoint.maxLessons + 1)
    }

    @Test func picturesAreFoldedInWhereNoOrderIsTaken() async throws {
        let transport = StrictEndpoint([
            { body in
                let roles = StrictEndpoint.messages(body).compactMap { $0["role"]?.stringValue }
                return roles.last == "user" ? (400, StrictEndpoint.error("message order: last role must be tool")) : nil
            }
        ])
        _ = try await ask(Endpoint(EndpointOptions(), transport: transport) { _ in })
        let body = try #require(transport.bodies.elements.last)
        let last = try #require(StrictEndpoint.messages(body).last)
        #expect(last["role"] == "tool")
        #expect(last["content"]?.stringValue?.contains("picture left out") == true)
    }

    @Test func whatWasThoughtInAnEarlierRunGoesBackWhereItIsDemanded() async throws {
        let transport = StrictEndpoint([
            { body in
                let calling = StrictEndpoint.messages(body).filter { $0["tool_calls"] != nil }
                let message = "The reasoning_content in the thinking mode must be passed back to the API."
                return calling.allSatisfy { $0["reasoning_content"] != nil }
                    ? nil : (400, StrictEndpoint.error(message))
            }
        ])
        _ = try await ask(Endpoint(EndpointOptions(), transport: transport) { _ in })
        #expect(transport.bodies.elements.count == 2)
    }
}
