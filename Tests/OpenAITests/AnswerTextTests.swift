import JSON
import Testing

@testable import OpenAI

/// Thoughts and calls in the text of an answer.
@Suite struct AnswerTextTests {
    private let tools = [
        FunctionTool(
            name: "run", description: "",
            parameters: [
                "type": "object", "properties": ["command": ["type": "string"], "timeout": ["type": "integer"]],
            ])
    ]

    /// What is told of a text, and the whole answer, where it comes in pieces of so many characters.
    private func answer(_ text: String, pieces: Int) throws -> (told: String, answer: ChatCompletion) {
        var assembler = CompletionAssembler(tools: tools)
        var told = ""
        var rest = text[...]
        while !rest.isEmpty {
            told += try assembler.add(ChatChunk(delta: ChatChunk.Delta(text: String(rest.prefix(pieces)))))
            rest = rest.dropFirst(pieces)
        }
        let (last, answer) = try assembler.completion(isDone: true)
        return (told + last, answer)
    }

    private static let sizes = [1, 2, 3, 7, 1000]

    @Test(arguments: [
        ("<think>hm</think>Four.", "Four."), ("\n<think>\nhm <b>\n</think>\n\nFour.\nYes.", "Four.\nYes."),
        ("<THINK>hm</think>\nFour.", "Four."), ("<thinking>a</thinking><think>b</think> Four.", "Four."),
        ("Let me see.\n<think>hm</think>Four.", "Let me see.\nFour."), ("[THINK]hm[/THINK]Four.", "Four."),
    ])
    func thoughtsAreNotTold(text: String, told: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(said == told, "in pieces of \(size)")
            #expect(answer.message.text == told, "in pieces of \(size)")
            #expect(answer.message.rawText == text)
        }
    }

    @Test(arguments: [
        "The mark <think> begins a thought, </think> ends it.", "```\n<think>\nx</think>\n```\nThat is how.",
        "a < b", "<thin", "<table>x</table>", "  indented\n\n\n", "{\"a\": 1}", "[1, 2]", "```json\n{\"x\": 1}\n```",
        "{\"name\": \"my-app\", \"version\": \"1\"}", "Text.\n<tool", "\r\nx\r\n<y>\r\n", "~~~\n<tool_call>\n~~~\n",
        "{",
    ])
    func whatIsMeantForAPersonIsTold(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(said == text)
            #expect(answer.message.text == text)
            #expect(answer.message.toolCalls.isEmpty)
            #expect(answer.message.rawText == nil)
        }
    }

    @Test(arguments: ["I add.\n</think>\n\nFour.", "I add.\nThen.\n</think>Four."])
    func aThoughtWhoseBeginningTheServerKeepsIsNotTheAnswer(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(answer.message.text == "Four.")
            #expect(answer.message.rawText == text)
            #expect(said.hasSuffix("\nFour."))
            #expect(!said.contains("think"))
        }
    }

    @Test func aThoughtWithoutEndIsReasoning() throws {
        let answer = try answer("<think>It is four", pieces: 4).answer
        #expect(answer.message.text.isEmpty)
        #expect(answer.message.reasoning == "It is four")
    }

    @Test(arguments: [
        #"<tool_call>{"name": "run", "arguments": {"command": "ls"}}</tool_call>"#,
        "<tool_call>\n{\"name\": \"run\", \"arguments\": {\"command\": \"ls\"}}\n",
        #"{"name": "run", "arguments": {"command": "ls"}}"#, #"[{"name":"run","parameters":{"command":"ls"}}]"#,
        "```json\n{\n  \"name\": \"run\",\n  \"arguments\": {\"command\": \"ls\"}\n}\n```",
        #"{"type": "function", "function": {"name": "run", "arguments": "{\"command\":\"ls\"}"}}"#,
        "<function=run>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>",
        "<tool_call>\n<function=run><parameter=command>ls</parameter></function>\n</tool_call>",
        #"[TOOL_CALLS][{"name": "run", "arguments": {"command": "ls"}}]"#, #"[TOOL_CALLS]run[ARGS]{"command": "ls"}"#,
        "<tool_call>run\n<arg_key>command</arg_key>\n<arg_value>ls</arg_value>\n</tool_call>",
        #"<function_calls><invoke name="run"><parameter name="command">ls</parameter></invoke></function_calls>"#,
        #"<|python_tag|>{"name": "functions.run", "parameters": {"command": "ls"}}"#,
        #"<think>I must look.</think><tool_call>{"name": "run", "arguments": {"command": "ls"}}</tool_call>"#,
    ])
    func aCallAsTextIsACall(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(answer.message.toolCalls.map(\.name) == ["run"], "\(said)")
            #expect(answer.message.toolCalls.map(\.arguments) == [#"{"command":"ls"}"#])
            #expect(said.isEmpty)
            #expect(answer.message.text.isEmpty)
            #expect(answer.finishReason == .toolCalls)
            #expect(!answer.hasUnreadCall)
            #expect(answer.message.toolCalls.allSatisfy { !$0.id.isEmpty })
        }
    }

    @Test func theTextBeforeCallsIsToldAndAllOfThemAreRead() throws {
        let call = #"<tool_call>{"name": "run", "arguments": {"command": "ls", "timeout": 5}}</tool_call>"#
        let (said, answer) = try answer("I look.\n\(call)\n\(call)", pieces: 5)
        #expect(said.hasPrefix("I look.\n"))
        #expect(!said.contains("tool_call"))
        #expect(answer.message.toolCalls.count == 2)
        #expect(Set(answer.message.toolCalls.map(\.id)).count == 2)
        let element =
            "<function=run><parameter=command>\nls\n-l\n</parameter><parameter=timeout>5</parameter></function>"
        let read = try self.answer(element, pieces: 5).answer.message.toolCalls
        #expect(read.map(\.arguments) == [#"{"command":"ls\n-l","timeout":5}"#])
        let object = #"<function=run>{"command": "ls"}</function>"#
        #expect(
            try self.answer(object, pieces: 3).answer.message.toolCalls.map(\.arguments) == [#"{"command":"ls"}"#])
    }

    @Test(arguments: [
        #"<tool_call>{"name": "fly", "arguments": {}}</tool_call>"#,
        #"<tool_call>{"name": "run", "arguments": </tool_call>"#,
        "<function=run>{\"command\":</function>", "<function=run>command: ls</function>",
        "<tool_call>run it</tool_call>", #"<tool_call>{"name": "run"}</tool_call>"#,
    ])
    func aCallThatIsNoneIsTold(text: String) throws {
        for size in Self.sizes {
            let (said, answer) = try answer(text, pieces: size)
            #expect(said == text)
            #expect(answer.hasUnreadCall)
            #expect(answer.message.toolCalls.isEmpty)
        }
    }

    @Test func nothingIsACallWhereThereAreNoTools() throws {
        var assembler = CompletionAssembler()
        let text = #"<tool_call>{"name": "run", "arguments": {}}</tool_call>"#
        #expect(try assembler.add(ChatChunk(delta: ChatChunk.Delta(text: text))) == text)
        #expect(try assembler.completion(isDone: true).answer.hasUnreadCall == false)
    }
}
