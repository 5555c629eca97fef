import JSON
import Testing

@testable import OpenAI

/// Requests to the Responses API.
@Suite struct ResponseRequestTests {
    private func request(_ text: String) throws -> ResponseRequest {
        try ResponseRequest(parsing: JSON.parse(text))
    }

    private func lines(_ input: String, after history: [ChatMessage] = []) throws -> [String] {
        try request(#"{"input":\#(input)}"#).input.messages(after: history).map { message in
            let ids =
                message.toolCalls.map { "\($0.id) \($0.name)\($0.arguments)" } + [message.toolCallID].compactMap(\.self)
            return "\(message.role.rawValue): \(message.text)" + (ids.isEmpty ? "" : " \(ids)")
        }
    }

    @Test func aTextAloneIsTheUsersMessage() throws {
        let request = try request(#"{"model":"m","input":"hi"}"#)
        #expect(try request.input.messages() == [ChatMessage(role: .user, text: "hi")])
        #expect(request.model == "m")
        #expect(request.isStored)
        #expect(!request.isStreamed)
        #expect(!request.isBackground)
        #expect(request.parameters.isEmpty)
    }

    @Test func takesItsOwnMembers() throws {
        let request = try request(
            #"""
            {"input":"x","instructions":"Be brief.","previous_response_id":"resp_1","stream":true,"store":false,
             "user":"ann","metadata":{"a":"b"},"temperature":0.5,"top_p":null}
            """#)
        #expect(request.instructions == "Be brief.")
        #expect(request.previousID == "resp_1")
        #expect(request.isStreamed)
        #expect(!request.isStored)
        #expect(request.user == "ann")
        #expect(request.repeated["metadata"] == ["a": "b"])
        #expect(request.repeated["temperature"] == 0.5)
        #expect(request.repeated["top_p"] == nil)
        #expect(request.parameters["temperature"] == 0.5)
        #expect(request.parameters["metadata"] == nil)
    }

    @Test func callsParametersAsTheModelsAPIDoes() throws {
        let parameters = try request(
            #"""
            {"input":"x","max_output_tokens":9,"reasoning":{"effort":"low","summary":"auto"},"truncation":"auto",
             "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}},
             "include":["reasoning.encrypted_content"]}
            """#
        ).parameters
        #expect(
            parameters == [
                "max_completion_tokens": 9, "reasoning_effort": "low", "verbosity": "low",
                "response_format": [
                    "type": "json_schema",
                    "json_schema": ["name": "n", "schema": ["type": "object"], "strict": true],
                ],
            ])
    }

    @Test func probabilitiesCannotBeIncluded() throws {
        #expect(
            try request(#"{"input":"x","include":["message.output_text.logprobs"]}"#).parameters["logprobs"] == true)
    }

    @Test(arguments: [
        (#"{}"#, "input"), (#"{"input":7}"#, "input"), (#"{"input":["x"]}"#, "input[0]"),
        (#"{"input":"x","conversation":"conv_1"}"#, "conversation"), (#"{"input":"x","prompt":{"id":"1"}}"#, "prompt"),
        (#"{"input":"x","background":"maybe"}"#, "background"), (#"{"input":"x","text":"json"}"#, "text"),
        (#"{"input":"x","instructions":7}"#, "instructions"),
    ])
    func namesWhatIsWrong(body: String, field: String) throws {
        let error = #expect(throws: FormatError.self) { try request(body) }
        #expect(error?.field == field)
    }

    @Test(arguments: [
        (
            #"[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"output_text","text":"b"}]}]"#,
            ["user: a", "assistant: b"]
        ),
        (
            #"[{"type":"message","role":"developer","content":"s"},{"role":"user","content":[{"type":"input_text","text":"a"}]}]"#,
            ["developer: s", "user: a"]
        ),
        // Thoughts, and what an agent did.
        (
            #"[{"role":"user","content":"a"},{"type":"reasoning","id":"rs","summary":[]},{"type":"mcp_call","id":"m"},{"type":"code_interpreter_call"},{"type":"mcp_list_tools"}]"#,
            ["user: a"]
        ),
        // Calls of one turn are one message.
        (
            #"[{"role":"user","content":"a"},{"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"2","name":"g","arguments":"{}"},{"type":"function_call_output","call_id":"1","output":"x"},{"type":"function_call_output","call_id":"2","output":[{"type":"input_text","text":"y"}]}]"#,
            ["user: a", #"assistant:  ["1 f{}", "2 g{}"]"#, #"tool: x ["1"]"#, #"tool: y ["2"]"#]
        ),
        (
            #"[{"role":"user","content":"a"},{"type":"custom_tool_call","call_id":"1","name":"f","input":"z"},{"type":"custom_tool_call_output","call_id":"1","output":"x"}]"#,
            ["user: a", #"assistant:  ["1 f{\"input\":\"z\"}"]"#, #"tool: x ["1"]"#]
        ),
        // A result without its call.
        (#"[{"role":"user","content":"a"},{"type":"function_call_output","call_id":"1","output":"x"}]"#, ["user: a"]),
    ])
    func readsItems(input: String, expected: [String]) throws {
        #expect(try lines(input) == expected)
    }

    @Test func resultsAnswerTheCallsBeforeThem() throws {
        let calls = [
            ChatToolCall(id: "1", name: "f", arguments: "{}"), ChatToolCall(id: "2", name: "g", arguments: "{}"),
        ]
        let history = [
            ChatMessage(role: .user, text: "a"), ChatMessage(role: .assistant, content: [], toolCalls: calls),
        ]
        let found = try lines(#"[{"type":"function_call_output","call_id":"2","output":"x"}]"#, after: history)
        #expect(found == [#"tool: x ["2"]"#, "tool: \(ChatHistory.missingResult) [\"1\"]"])
        #expect(try lines(#""b""#, after: history + [ChatMessage(role: .assistant, text: "done")]) == ["user: b"])
    }

    @Test(arguments: [
        (#"[{"type":"item_reference","id":"msg_1"}]"#, "input[0]"),
        (#"[{"role":"user","content":"a"},{"type":"x"}]"#, "input[1].type"),
        (#"[{"type":"function_call_output","output":"x"}]"#, "input[0].call_id"),
        (#"[{"role":"user","content":[{"type":"input_audio"}]}]"#, "input[0].content[0].type"),
        (
            #"[{"role":"user","content":[{"type":"input_file","file_url":"https://example.com"}]}]"#,
            "input[0].content[0].file_url"
        ),
        (#"[{"role":"user","content":[{"type":"input_file"}]}]"#, "input[0].content[0].file_id"),
    ])
    func refusesItems(input: String, field: String) throws {
        let error = #expect(throws: FormatError.self) { try lines(input) }
        #expect(error?.field == field)
    }

    @Test func readsFilesAndPictures() throws {
        let parts = try request(
            #"""
            {"input":[{"role":"user","content":[
              {"type":"input_file","file_id":"file-1"},{"type":"input_file","filename":"a.csv","file_data":"QQ=="},
              {"type":"input_image","file_id":"file-2"},{"type":"input_image","image_url":"data:x"},
              {"type":"file","file":{"file_data":"QQ==","filename":"b.csv"}}]}]}
            """#
        ).input.messages()[0].content
        #expect(
            parts == [
                .file(AttachedFile(source: .id("file-1"))),
                .file(AttachedFile(source: .data("QQ=="), name: "a.csv")),
                .file(AttachedFile(source: .id("file-2"))), .imageURL("data:x"),
                .file(AttachedFile(source: .data("QQ=="), name: "b.csv")),
            ])
    }

    @Test func listsItemsWithoutTheBytesOfFiles() throws {
        let input = try request(
            #"""
            {"input":[{"role":"user","content":"a"},{"role":"user","content":[{"type":"input_image","image_url":"data:x"},
              {"type":"input_image","image_url":"http://x"},{"type":"input_file","file_data":"QQ==","filename":"a"}]},
              {"type":"function_call_output","id":"own","call_id":"1","output":"x"}]}
            """#
        ).input.listed { "\($0)_\($1)" }
        #expect(input.map { $0["id"] } == ["msg_0", "msg_1", "own"])
        #expect(input[0]["content"] == [["type": "input_text", "text": "a"]])
        #expect(
            input[1]["content"] == [
                ["type": "input_image", "image_url": nil], ["type": "input_image", "image_url": "http://x"],
                ["type": "input_file", "file_data": nil, "filename": "a"],
            ])
    }

    @Test func replacesReferences() throws {
        var input = try request(#"{"input":[{"role":"user","content":"a"},{"type":"item_reference","id":"msg_1"}]}"#)
            .input
        #expect(input.references.map(\.place) == [1])
        input.replace(1, by: ["type": "message", "role": "assistant", "content": "b"])
        #expect(input.references.isEmpty)
        #expect(try input.messages().map(\.text) == ["a", "b"])
    }
}
