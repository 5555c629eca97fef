import JSON
import Testing

@testable import OpenAI

/// Histories as clients write and cut them.
@Suite struct ChatHistoryTests {
    private func messages(_ text: String) throws -> [ChatMessage] {
        try ClientRequest(parsing: JSON.parse(#"{"messages":\#(text)}"#)).messages
    }

    /// The history in short: `role: text`, the ids of calls and results in brackets.
    private func lines(_ text: String) throws -> [String] {
        try messages(text).map { message in
            let ids =
                message.toolCalls.map { "\($0.id) \($0.name)\($0.arguments)" } + (message.toolCallID.map { [$0] } ?? [])
            return "\(message.role.rawValue): \(message.text)" + (ids.isEmpty ? "" : " \(ids)")
        }
    }

    private static let call = #"{"role":"assistant","content":null,"tool_calls":[CALLS]}"#

    private func expand(_ text: String) -> String {
        let one = #"{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}"#
        let two = #"{"id":"2","type":"function","function":{"name":"g","arguments":"{}"}}"#
        return text.replacing("ONE", with: Self.call.replacing("CALLS", with: one))
            .replacing("TWO", with: Self.call.replacing("CALLS", with: "\(one),\(two)"))
            .replacing("ASK", with: #"{"role":"user","content":"x"}"#)
    }

    private static let gone = ChatHistory.missingResult

    @Test(arguments: [
        ("[ASK,ONE,ASK]", ["user: x", #"assistant:  ["1 f{}"]"#, #"tool: \#(gone) ["1"]"#, "user: x"]),
        (
            #"[ASK,TWO,{"role":"tool","tool_call_id":"2","content":"b"},ASK]"#,
            ["user: x", #"assistant:  ["1 f{}", "2 g{}"]"#, #"tool: b ["2"]"#, #"tool: \#(gone) ["1"]"#, "user: x"]
        ),
        (#"[{"role":"tool","tool_call_id":"1","content":"a"},ASK]"#, ["user: x"]),
        (
            #"[ONE,ASK,{"role":"tool","tool_call_id":"1","content":"a"},ASK]"#,
            [
                #"assistant:  ["1 f{}"]"#, #"tool: \#(gone) ["1"]"#, "user: x", "user: x",
            ]
        ),
        (
            #"[ONE,{"role":"tool","tool_call_id":"7","content":"a"},ASK]"#,
            [
                #"assistant:  ["1 f{}"]"#, #"tool: \#(gone) ["1"]"#, "user: x",
            ]
        ),
        (
            #"[ONE,{"role":"tool","tool_call_id":"1","content":"a"},{"role":"tool","tool_call_id":"1","content":"b"},ASK]"#,
            [
                #"assistant:  ["1 f{}"]"#, #"tool: a ["1"]"#, "user: x",
            ]
        ),
        // Results without an id.
        (
            #"[TWO,{"role":"tool","content":"a"},{"role":"tool","content":null},ASK]"#,
            [
                #"assistant:  ["1 f{}", "2 g{}"]"#, #"tool: a ["1"]"#, #"tool:  ["2"]"#, "user: x",
            ]
        ),
        (
            #"[TWO,{"role":"tool","name":"g","content":"b"},{"role":"tool","name":"f","content":"a"},ASK]"#,
            [
                #"assistant:  ["1 f{}", "2 g{}"]"#, #"tool: b ["2"]"#, #"tool: a ["1"]"#, "user: x",
            ]
        ),
        // The forms of old.
        (
            #"[ASK,{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},"#
                + #"{"role":"function","name":"f","content":"a"},ASK]"#,
            ["user: x", #"assistant:  ["call_1 f{}"]"#, #"tool: a ["call_1"]"#, "user: x"]
        ),
        (#"[{"role":"function","name":"f","content":"a"},ASK]"#, ["user: x"]),
        // Calls that are odd in themselves.
        (
            #"[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":[1]}}}]},ASK]"#,
            [
                #"assistant:  ["call_1 f{\"a\":[1]}"]"#, #"tool: \#(gone) ["call_1"]"#, "user: x",
            ]
        ),
        (
            #"[{"role":"assistant","tool_calls":[{"id":"","function":{"name":"f","arguments":null}}]},ASK]"#,
            [
                #"assistant:  ["call_1 f{}"]"#, #"tool: \#(gone) ["call_1"]"#, "user: x",
            ]
        ),
        (
            #"[{"role":"assistant","tool_calls":[{"id":"1","type":"custom","custom":{"name":"f","input":"y"}}]},ASK]"#,
            [
                #"assistant:  ["1 f{\"input\":\"y\"}"]"#, #"tool: \#(gone) ["1"]"#, "user: x",
            ]
        ),
        // Roles, names, and nothing said.
        (
            #"[{"role":"User","content":"x"},{"role":"AI","content":"y"},{"role":"human","content":"z","name":5}]"#,
            [
                "user: x", "assistant: y", "user: z",
            ]
        ),
        (#"[ASK,{"role":"assistant","content":[]},{"role":"user","content":null}]"#, ["user: x", "user: "]),
        (#"[{"role":"user","content":[]}]"#, ["user: "]), (#"[{"role":"user"}]"#, ["user: "]),
    ])
    func aHistoryIsMadeWhole(text: String, lines: [String]) throws {
        let found = try self.lines(expand(text))
        #expect(found == lines)
    }

    @Test(
        arguments: [
            (#"["x"]"#, [.text("x")]), (#"["x",{"type":"text","text":"y"}]"#, [.text("x"), .text("y")]),
            (#"{"type":"text","text":"x"}"#, [.text("x")]), (#"[{"text":"x"},null]"#, [.text("x")]),
            (#"[{"type":"input_text","text":"x"}]"#, [.text("x")]),
            (#"[{"type":"image_url","image_url":"data:x"}]"#, [.imageURL("data:x")]),
            (#"[{"type":"input_image","image_url":"data:x"}]"#, [.imageURL("data:x")]),
            (#"[{"image_url":{"url":"data:x"}}]"#, [.imageURL("data:x")]),
            (
                #"[{"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0"}}]"#,
                [.imageURL("data:image/gif;base64,R0")]
            ),
        ] as [(String, [ContentPart])])
    func readsPartsInEveryForm(content: String, parts: [ContentPart]) throws {
        let found = try messages(#"[{"role":"user","content":\#(content)}]"#)
        #expect(found == [ChatMessage(role: .user, content: parts)])
    }

    @Test func aMessageHasABoundedNumberOfCalls() throws {
        func calls(_ count: Int) -> String {
            let call = #"{"id":"1","function":{"name":"f","arguments":"{}"}}"#
            let all = Array(repeating: call, count: count).joined(separator: ",")
            return #"[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[\#(all)]}]"#
        }
        #expect(try messages(calls(1024)).count == 2 + 1024)
        #expect(throws: FormatError.self) { try messages(calls(1025)) }
    }

    @Test func aPartThatIsNotTakenCostsNoMoreThanItselfInWhatWasSaidBefore() throws {
        let odd = #"{"role":"user","content":[{"type":"input_audio"},{"type":"text","text":"x"}]}"#
        let found = try messages("[\(odd),{\"role\":\"user\",\"content\":\"y\"}]")
        #expect(found.map(\.text) == ["[A part of the type input_audio, which is not supported.]x", "y"])
        #expect(throws: FormatError.self) { try messages("[\(odd)]") }
    }

    // MARK: - What only the model can use

    @Test(arguments: [
        #""reasoning_content":"hm""#, #""reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"S"}]"#,
        #""thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"S"}]"#, #""reasoning":"hm""#,
        #""extra_content":{"google":{"thought_signature":"SIG"}}"#, #""thought_signature":"SIG""#,
    ])
    func reasoningAndSignaturesGoToTheModelAsTheyCame(member: String) throws {
        let call = #"{"id":"1","type":"function",\#(member),"function":{"name":"f","arguments":"{}",\#(member)}}"#
        let assistant = #"{"role":"assistant","content":"a",\#(member),"tool_calls":[\#(call)]}"#
        let found = try messages(
            #"[{"role":"user","content":"x",\#(member)},\#(assistant),{"role":"tool","tool_call_id":"1","content":"r"}]"#
        )
        let given = try JSON.parse("{\(member)}")
        let name = try #require(given.objectValue?.keys.first)
        #expect(found[1].json[name] == given[name])
        let json = found[1].json["tool_calls"]?.arrayValue?.first
        #expect(json?[name] == given[name])
        #expect(json?["function"]?[name] == given[name])
        #expect(found[0].json[name] == nil)
        #expect(found[2].json[name] == nil)
    }

    @Test func partsThatAreReasoningStayParts() throws {
        let thought = #"{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}"#
        let assistant = #"{"role":"assistant","content":[\#(thought),{"type":"text","text":"a"}]}"#
        let found = try messages(#"[{"role":"user","content":"x"},\#(assistant),{"role":"user","content":"y"}]"#)
        #expect(found[1].text == "a")
        #expect(found[1].json["content"] == .array([try JSON.parse(thought), ["type": "text", "text": "a"]]))
        #expect(throws: FormatError.self) { try messages(#"[{"role":"user","content":[\#(thought)]}]"#) }
    }

    @Test func whatFrontEndsAddIsLeftOutAndWhatIsHugeToo() throws {
        let found = try messages(
            #"[{"role":"user","content":"x"},{"role":"assistant","content":"a","id":"1","timestamp":5,"model":"m","#
                + #""annotations":[],"audio":null,"provider_specific_fields":{"a":1},"reasoning_content":null},"#
                + #"{"role":"user","content":"y"}]"#)
        #expect(found[1].extra.isEmpty)
        let huge = String(repeating: "x", count: ModelMembers.maxBytes)
        let bounded = try messages(
            #"[{"role":"user","content":"x"},{"role":"assistant","content":"a","reasoning":"\#(huge)"},"#
                + #"{"role":"user","content":"y"}]"#)
        #expect(bounded[1].extra.isEmpty)
        #expect(bounded[1].text == "a")
    }
}
