import JSON
import Testing

@testable import OpenAI

@Suite struct ClientRequestTests {
    private func parse(_ text: String) throws -> ClientRequest {
        try ClientRequest(parsing: JSON.parse(text))
    }

    @Test func readsTheSmallestRequest() throws {
        let request = try parse(#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#)
        #expect(request.model == "m")
        #expect(request.messages == [ChatMessage(role: .user, text: "hi")])
        #expect(!request.isStreamed)
        #expect(!request.includesUsage)
        #expect(request.user == nil)
        #expect(request.parameters.isEmpty)
    }

    @Test func readsEverything() throws {
        let request = try parse(
            #"""
            {"model":"m","stream":true,"stream_options":{"include_usage":true},"user":"ann","temperature":0.5,"n":1,
             "tools":[{"type":"anything"}],
             "messages":[
               {"role":"system","content":"be brief"},
               {"role":"user","name":"Ann","content":[
                 {"type":"text","text":"what is "},{"type":"image_url","image_url":{"url":"data:x","detail":"low"}},
                 {"type":"text","text":"this?"}]},
               {"role":"assistant","content":null,"tool_calls":[
                 {"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]},
               {"role":"tool","tool_call_id":"1","content":"done"},
               {"role":"assistant","refusal":"no"}]}
            """#)
        #expect(request.isStreamed)
        #expect(request.includesUsage)
        #expect(request.user == "ann")
        #expect(request.parameters == ["temperature": 0.5, "n": 1, "tools": [["type": "anything"]]])
        let messages = request.messages
        #expect(messages.map(\.role) == [.system, .user, .assistant, .tool, .assistant])
        #expect(messages[1].content == [.text("what is "), .imageURL("data:x"), .text("this?")])
        #expect(messages[1].text == "what is this?")
        #expect(messages[1].name == "Ann")
        #expect(messages[2].content.isEmpty)
        #expect(messages[2].toolCalls == [ChatToolCall(id: "1", name: "f", arguments: "{")])
        #expect(messages[3].toolCallID == "1")
        #expect(messages[4].text == "no")
    }

    @Test(arguments: [
        ("\"yes\"", true), ("\"TRUE\"", true), ("\" true \"", true), ("\"on\"", true), ("\"1\"", true),
        ("1", true), ("1.0", true), ("\"no\"", false), ("\"Off\"", false), ("\"None\"", false), ("0.0", false),
        ("\"\"", false),
    ])
    func aFlagMayBeWrittenAsFormsDo(value: String, isStreamed: Bool) throws {
        let request = try parse(#"{"messages":[{"role":"user","content":"hi"}],"stream":\#(value)}"#)
        #expect(request.isStreamed == isStreamed)
    }

    @Test func takesNullForWhatIsNotThere() throws {
        let request = try parse(
            #"""
            {"model":null,"stream":null,"stream_options":null,"user":null,
             "messages":[{"role":"user","content":"","name":null,"tool_calls":null}]}
            """#)
        #expect(request.model == nil)
        #expect(request.user == nil)
        #expect(!request.isStreamed)
        #expect(request.messages == [ChatMessage(role: .user, text: "")])
    }

    @Test(arguments: [
        (#"[]"#, "", "must be an object, not an array"),
        (#"{}"#, "messages", "is missing: it must be an array"),
        (#"{"messages":"hi"}"#, "messages", "must be an array, not a string"),
        (#"{"messages":[]}"#, "messages", "must have at least one message"),
        (#"{"messages":["hi"]}"#, "messages[0]", "must be an object, not a string"),
        (#"{"messages":[{"content":"hi"}]}"#, "messages[0].role", "is missing: it must be a string"),
        (
            #"{"messages":[{"role":"me","content":"hi"}]}"#, "messages[0].role",
            "must be one of system, developer, user, assistant, tool"
        ),
        (
            #"{"messages":[{"role":"user","content":7}]}"#, "messages[0].content",
            "must be a string or an array of parts, not an integer"
        ),
        (
            #"{"messages":[{"role":"user","content":[{"type":"input_audio"}]}]}"#, "messages[0].content[0].type",
            "must be text, image_url or file: no other content is supported"
        ),
        (
            #"{"messages":[{"role":"user","content":"x","tool_calls":[{"id":"1","function":{"name":"f","arguments":""}}]}]}"#,
            "messages[0].tool_calls", "is allowed only in messages of the assistant"
        ),
        (
            #"{"messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":[]}}]}]}"#,
            "messages[0].tool_calls[0].function.arguments", "must be a string, not an array"
        ),
        (#"{"model":7,"messages":[{"role":"user","content":"x"}]}"#, "model", "must be a string, not an integer"),
        (
            #"{"stream":"maybe","messages":[{"role":"user","content":"x"}]}"#, "stream",
            "must be a boolean, not a string"
        ),
        (#"{"user":[1],"messages":[{"role":"user","content":"x"}]}"#, "user", "must be a string, not an array"),
        (#"{"messages":[{"role":"tool","content":"x"}]}"#, "messages", "must have at least one message"),
        (#"{"messages":[{"role":"assistant","content":null}]}"#, "messages", "must have at least one message"),
        (#"{"stream":2,"messages":[{"role":"user","content":"x"}]}"#, "stream", "must be a boolean, not an integer"),
    ])
    func namesWhatIsWrong(body: String, field: String, problem: String) {
        #expect(throws: FormatError(field: field, problem: problem)) { try parse(body) }
    }

    @Test(arguments: [
        #"{"role":"assistant","content":null}"#, #"{"role":"assistant"}"#, #"{"role":"assistant","content":""}"#,
        #"{"role":"assistant","content":[]}"#, #"{"role":"assistant","content":[{"type":"text","text":""}]}"#,
        #"{"role":"assistant","content":null,"tool_calls":[],"refusal":null}"#, #"{"role":"system","content":null}"#,
        #"{"role":"developer"}"#, #"{"role":"user","content":null}"#,
    ])
    func passesOverTurnsThatSayNothing(turn: String) throws {
        let request = try parse(
            #"{"messages":[{"role":"user","content":"a"},\#(turn),{"role":"user","content":"b"}]}"#)
        #expect(request.messages.map(\.text) == ["a", "b"])
        guard turn.contains("assistant") else { return }
        let last = try parse(#"{"messages":[{"role":"user","content":"a"},\#(turn)]}"#)
        #expect(last.messages.map(\.text) == ["a"])
    }

    @Test func keepsAResultThatSaysNothing() throws {
        let call = #"{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f","arguments":""}}]}"#
        let request = try parse(
            #"{"messages":[\#(call),{"role":"tool","tool_call_id":"1","content":null},{"role":"user","content":"a"}]}"#)
        #expect(request.messages.map(\.role) == [.assistant, .tool, .user])
    }

    @Test(arguments: [
        ("\"true\"", true), ("\"True\"", true), ("1", true), ("\"false\"", false), ("0", false), ("\"\"", false),
    ])
    func takesTruthAsItIsWrittenElsewhere(text: String, value: Bool) throws {
        let request = try parse(
            #"{"model":"","stream":\#(text),"stream_options":{"include_usage":\#(text)},"#
                + #""messages":[{"role":"user","content":"a"}]}"#)
        #expect(request.isStreamed == value)
        #expect(request.includesUsage == value)
        #expect(request.model == nil)
    }

    @Test func saysTheFieldInTheErrorOfTheAPI() {
        let error = APIError(FormatError(field: "messages[0].role", problem: "is missing: it must be a string"))
        #expect(
            error.json.text
                == #"{"error":{"message":"'messages[0].role' is missing: it must be a string.","#
                + #""type":"invalid_request_error","param":"messages[0].role","code":null}}"#)
    }

    @Test func readsBackWhatIsWritten() throws {
        let request = ChatRequest(
            model: "m",
            messages: [
                ChatMessage(role: .developer, text: "be brief"),
                ChatMessage(
                    role: .user, content: [.text("see"), .imageURL("data:image/png;base64,AA==")], name: "Ann"),
                ChatMessage(
                    role: .assistant, content: [],
                    toolCalls: [
                        ChatToolCall(id: "1", name: "f", arguments: "not JSON"),
                        ChatToolCall(id: "2", name: "g", arguments: ""),
                    ]),
                ChatMessage(role: .tool, content: [.text("one")], toolCallID: "1"),
                ChatMessage(role: .tool, content: [.text("two")], toolCallID: "2"),
                ChatMessage(role: .user, content: []),
            ],
            tools: [FunctionTool(name: "f", description: "d", parameters: ["type": "object"])],
            parameters: ["temperature": 1, "stream": false, "model": "other"])
        let body = request.streamingBody(includesUsage: true)
        let read = try ClientRequest(parsing: body)
        #expect(read.model == "m")
        #expect(read.isStreamed)
        #expect(read.includesUsage)
        #expect(read.messages.dropLast() == request.messages.dropLast())
        #expect(read.messages.last == ChatMessage(role: .user, text: ""))
        #expect(read.parameters == ["temperature": 1, "tools": .array(request.tools.map(\.json))])
        #expect(request.streamingBody(includesUsage: false)["stream_options"] == nil)
    }

    @Test func writesTextAsOneStringAndPicturesAsParts() {
        let text = ChatMessage(role: .user, content: [.text("a"), .text("b")])
        #expect(text.json.text == #"{"role":"user","content":"ab"}"#)
        let picture = ChatMessage(role: .user, content: [.imageURL("u")])
        #expect(
            picture.json.text == #"{"role":"user","content":[{"type":"image_url","image_url":{"url":"u"}}]}"#)
    }
}
