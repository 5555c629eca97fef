import JSON
import Testing

@testable import OpenAI

@Suite struct AnswerEnvelopeTests {
    private static let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
    private static let nested = String(repeating: "{\"a\":", count: 5000) + "1" + String(repeating: "}", count: 5000)
    /// Members that cannot be parsed.
    private static let members = [
        "\"x_meta\": \(deep)", "\"x_meta\": \(nested)", #""x_meta": {"a": 1, "a": 2}"#,
        #""x_meta": [{"b": {"a": 1, "a": 2}}]"#,
        #""x_meta": 1e999"#, #""x_meta": {"a": 1e999}"#, #""x_meta": tru"#, #""x_meta": 1, "x_meta": 2"#,
        #""x_meta": {"choices": {"a": 1, "a": 2}}"#, #""x_meta" : "\q""#, #""x_meta": "a", "x_meta": "}{\"""#,
    ]
    /// Where they may stand; `@` for them.
    private static let places = [
        #"{@, "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}"#,
        #"{"choices": [{"index": 0, @, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}], "id": "a"}"#,
        #"{"choices": [{"index": 0, "delta": {"content": "hi", @}, "finish_reason": "stop"}]}"#,
        #"{"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}], "usage": {"total": 1}, @ }"#,
    ]

    @Test(arguments: members, places)
    func anUnknownMemberThatCannotBeParsedCostsOnlyItself(member: String, place: String) throws {
        let bytes = Array(place.replacing("@", with: member).utf8)
        let (value, dropped) = try AnswerEnvelope.parse(bytes)
        #expect(dropped == ["x_meta"])
        let chunk = try ChatChunk(parsing: value)
        #expect(chunk.delta?.text == "hi")
        #expect(chunk.finishReason == .stop)
        #expect(try AnswerEvent(parsing: bytes) == .chunk(chunk))
    }

    @Test func anUnknownMemberOfACallCostsOnlyItself() throws {
        for member in Self.members {
            let call = #"{"id": "a", @, "function": {"name": "f", "arguments": "{}"}}"#.replacing("@", with: member)
            let text = #"{"choices": [{"delta": {"tool_calls": [\#(call)]}}]}"#
            let (value, dropped) = try AnswerEnvelope.parse(Array(text.utf8))
            #expect(dropped == ["x_meta"])
            #expect(try ChatChunk(parsing: value).delta?.toolCalls.map(\.name) == ["f"])
        }
    }

    @Test(arguments: [
        #"{"choices": [{"delta": {"content": "a", "content": "b"}}]}"#, #"{"choices": [], "choices": []}"#,
        #"{"choices": [{"delta": {"content": \#(deep)}}]}"#,
        #"{"choices": [{"delta": {"tool_calls": [{"function": {"name": "f", "arguments": {"a": 1, "a": 2}}}]}}]}"#,
        #"{"choices": [{"delta": {"content": "a"}"#, #"{"x": {"a": 1"#, #"{"x": 1, }"#, "[", "", "{\"x\"", #"{"x": "#,
        #"{"a": 1 "b": 2}"#,
    ])
    func whatTheAnswerConsistsOfIsNeverLeftOut(text: String) {
        #expect(throws: JSONParseError.self) { try AnswerEnvelope.parse(Array(text.utf8)) }
    }

    @Test func manySuchMembersAreTooMany() {
        let members = (0..<40).map { #""x\#($0)": {"a": 1, "a": 2}"# }.joined(separator: ", ")
        #expect(throws: JSONParseError.self) { try AnswerEnvelope.parse(Array("{\(members)}".utf8)) }
    }

    @Test func aTextIsCutAtAnyPlace() throws {
        let text = Array(Self.places[2].replacing("@", with: Self.members[3]).utf8)
        for count in 0..<text.count { _ = try? AnswerEnvelope.parse(Array(text[..<count])) }
    }
}
