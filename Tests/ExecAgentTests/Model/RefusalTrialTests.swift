import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Requests that an endpoint refuses without saying why.
@Suite struct RefusalTrialTests {
    private static let tools = [
        FunctionTool(
            name: "plain", description: "does",
            parameters: ["type": "object", "properties": ["a": ["type": "string", "minLength": 1]]]),
        FunctionTool(
            name: "odd", description: "does",
            parameters: ["type": "object", "properties": ["@sort.by!": ["type": "string"]]]),
    ]

    private static var conversation: [ChatMessage] {
        var calling = ChatMessage(
            role: .assistant, content: [],
            toolCalls: [
                ChatToolCall(id: "call_1", name: "plain", arguments: "{}"),
                ChatToolCall(id: "call_2", name: "odd", arguments: "{}"),
            ])
        calling.extra = ["reasoning_content": "hm"]
        return [
            ChatMessage(role: .system, text: "s"), ChatMessage(role: .user, content: [.text("hi")], name: "Ann"),
            calling,
            ChatMessage(role: .tool, content: [.text("r")], toolCallID: "call_1"),
            ChatMessage(role: .tool, content: [.text("r")], toolCallID: "call_2"),
        ]
    }

    private static let request = ChatRequest(
        model: "m", messages: conversation, tools: tools,
        parameters: ["temperature": 1, "parallel_tool_calls": true, "max_tokens": 5])

    /// What an endpoint cannot stand, and what is said once it is gone.
    struct Cause: Sendable, CustomStringConvertible {
        let description: String
        /// Part of the notice.
        let said: String
        let isRefused: @Sendable (JSON) -> Bool
    }

    private static let causes: [Cause] = [
        Cause(description: "options", said: "'stream_options' is left out") { $0["stream_options"] != nil },
        Cause(description: "keywords", said: "schemas are simplified") { body in
            StrictEndpoint.tools(body).contains { StrictEndpoint.words($0.schema).contains("minLength") }
        },
        Cause(description: "members", said: "left out of messages: reasoning_content") { body in
            StrictEndpoint.messages(body).contains { $0["reasoning_content"] != nil }
        },
        Cause(description: "participants", said: "names of participants are left out") { body in
            StrictEndpoint.messages(body).contains { $0["role"] == "user" && $0["name"] != nil }
        },
        Cause(description: "names", said: "tool results have names") { body in
            StrictEndpoint.messages(body).contains { $0["role"] == "tool" && $0["name"] == nil }
        },
        Cause(description: "empty text", said: "empty texts are left out") { body in
            StrictEndpoint.messages(body).contains { $0["content"] == "" }
        },
        Cause(description: "ids", said: "ids of calls are shortened") { body in
            StrictEndpoint.calls(body).contains { $0["id"]?.stringValue?.count != 9 }
        },
        Cause(description: "several calls", said: "calls are sent one by one") { body in
            StrictEndpoint.messages(body).contains { $0["tool_calls"]?.arrayValue?.count ?? 0 > 1 }
        },
        Cause(description: "a parameter", said: "'parallel_tool_calls' is left out") {
            $0["parallel_tool_calls"] != nil
        },
        Cause(description: "another parameter", said: "'temperature' is left out") { $0["temperature"] != nil },
        Cause(description: "the limit's name", said: "'max_completion_tokens'") { $0["max_tokens"] != nil },
        Cause(description: "signatures", said: "calls have signatures") { body in
            StrictEndpoint.messages(body).contains { message in
                (message["tool_calls"]?.arrayValue?.first).map { $0["extra_content"] == nil } ?? false
            }
        },
        Cause(description: "instructions", said: "sent as the user's") { body in
            StrictEndpoint.messages(body).contains { $0["role"] == "system" }
        },
        Cause(description: "streams", said: "answers are not streamed") { $0["stream"] == true },
        Cause(description: "a tool", said: "the tool odd is left out") { body in
            StrictEndpoint.tools(body).contains { $0.schema.text.contains("@sort") }
        },
        Cause(description: "tools", said: "tools are described in words") { $0["tools"] != nil },
        Cause(description: "two at once", said: "'stream_options' is left out; the tools' schemas are simplified") {
            body in
            body["stream_options"] != nil
                || StrictEndpoint.tools(body).contains { StrictEndpoint.words($0.schema).contains("minLength") }
        },
    ]

    private static let refusals = [
        "", "{}",
        #"[{"error":{"code":400,"message":"Request contains an invalid argument.","status":"INVALID_ARGUMENT"}}]"#,
        #"{"error":{"message":"Provider returned error","code":400}}"#,
        #"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"Bad Request\"}}"}}}"#,
        #"{"error":{"message":"","type":"BadRequestError","param":null,"code":400}}"#, "Unprocessable Entity",
        #"{"error":{"code":"1210","message":"API 调用参数有误，请检查文档。"}}"#,
        #"{"object":"error","message":"Invalid request","type":"invalid_request_error"}"#,
    ]

    private func ask(_ transport: StrictEndpoint, _ endpoint: Endpoint? = nil) async throws -> [String] {
        let notices = Recorder<String>()
        let endpoint = endpoint ?? Endpoint(EndpointOptions(), transport: transport) { _ in }
        _ = try await endpoint.complete(Self.request) { event in
            if case .notice(let text) = event { notices.record(text) }
        }
        return notices.elements
    }

    @Test(arguments: causes)
    func whatHelpsIsFoundAndSaidAndKept(cause: Cause) async throws {
        for (number, refusal) in Self.refusals.enumerated() {
            let status = number.isMultiple(of: 2) ? 400 : 422
            let transport = StrictEndpoint([{ cause.isRefused($0) ? (status, refusal) : nil }])
            let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
            let notices = try await ask(transport, endpoint)
            #expect(notices.count == 1, "\(refusal): \(notices)")
            #expect(notices.first?.contains(cause.said) == true, "\(refusal): \(notices)")
            let count = transport.bodies.elements.count
            #expect(count <= 34)
            #expect(try await ask(transport, endpoint) == [])
            #expect(transport.bodies.elements.count == count + 1)
        }
    }

    @Test func ifNothingHelpsTheEndpointsOwnWordsAreReportedAndNothingIsTriedTwice() async throws {
        let transport = StrictEndpoint([{ _ in (400, StrictEndpoint.error("Request contains an invalid argument.")) }])
        let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
        let error = await #expect(throws: ModelError.self) { try await ask(transport, endpoint) }
        #expect(error?.message.contains("Request contains an invalid argument.") == true)
        #expect(error?.status == 400)
        let count = transport.bodies.elements.count
        #expect(11...33 ~= count)
        #expect(Set(transport.bodies.elements.map(\.text)).count == count, "each request is another one")
        await #expect(throws: ModelError.self) { try await ask(transport, endpoint) }
        #expect(transport.bodies.elements.count == count + 1)
    }

    @Test(arguments: [
        (400, "temperature must be below 1"), (400, "The prompt violates our policy"), (401, ""), (403, ""), (404, ""),
        (400, #"{"error":{"message":"Invalid request","code":"content_policy_violation"}}"#),
        (400, #"{"error":{"message":"Invalid value","param":"temperature"}}"#),
        (400, "The model `m` does not exist"), (400, "<html><h1>400 Bad Request</h1></html>"),
        (400, "Die Anfrage ist ungültig"), (402, ""), (413, ""),
    ])
    func whatSaysWhyIsNotGuessedAt(status: Int, refusal: String) async throws {
        let transport = StrictEndpoint([{ _ in (status, refusal) }])
        await #expect(throws: ModelError.self) { try await ask(transport) }
        #expect(transport.bodies.elements.count == 1)
    }

    @Test func anEndpointThatFailsMeanwhileIsAskedTheSameAgain() async throws {
        let isBusy = Recorder<Bool>()
        let transport = StrictEndpoint([
            { body in
                guard body["stream_options"] != nil else {
                    guard isBusy.elements.isEmpty else { return nil }
                    isBusy.record(true)
                    return (429, "")
                }
                return (400, "")
            }
        ])
        let notices = try await ask(transport)
        #expect(notices.count == 1)
        #expect(notices.first?.contains("stream_options") == true)
        #expect(transport.bodies.elements.count == 3)
    }

    @Test func whatIsSaidInBetweenIsLearned() async throws {
        let transport = StrictEndpoint([
            { $0["stream_options"] == nil ? nil : (400, "") },
            { $0["temperature"] == nil ? nil : (400, StrictEndpoint.error("Unsupported parameter: 'temperature'")) },
        ])
        let notices = try await ask(transport)
        #expect(notices.count == 2)
        #expect(notices.first?.contains("temperature") == true)
        #expect(notices.last?.contains("stream_options") == true)
        // The first guess is that the unknown member is one of a message.
        #expect(transport.bodies.elements.count == 4)
    }

    @Test(arguments: [
        "Assistant message must have either content or tool_calls, but not both.",
        "messages[2]: content and tool_calls cannot both be set", "exactly one of content and tool_calls is required",
    ])
    func anAssistantsMessageHasATextOrCalls(refusal: String) async throws {
        for leavesOut in [false, true] {
            let transport = StrictEndpoint([
                { body in
                    let isWrong = StrictEndpoint.messages(body).filter { $0["role"] == "assistant" }.contains {
                        let hasText = leavesOut ? $0["content"] != nil : ($0["content"]?.stringValue ?? "") != ""
                        return hasText == ($0["tool_calls"] != nil)
                    }
                    return isWrong ? (400, StrictEndpoint.error(refusal)) : nil
                }
            ])
            let endpoint = Endpoint(EndpointOptions(), transport: transport) { _ in }
            var request = Self.request
            request.messages[2].content = [.text("I look.")]
            request.messages.insert(ChatMessage(role: .assistant, content: []), at: 2)
            let asked = request
            _ = try await endpoint.complete(asked) { _ in }
            #expect(transport.bodies.elements.count == (leavesOut ? 3 : 2))
            _ = try await endpoint.complete(asked) { _ in }
            #expect(transport.bodies.elements.count == (leavesOut ? 4 : 3))
        }
    }
}
