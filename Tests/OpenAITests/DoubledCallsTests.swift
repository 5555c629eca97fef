import JSON
import Testing

@testable import OpenAI

/// Calls that a server says in the API's old form and in the new one.
@Suite struct DoubledCallsTests {
    private static let pieces = [#"{\"x\""#, #":"#, #"1"#, #"}"#, ""]

    private static func new(_ piece: String) -> String {
        #""tool_calls":[{"index":0,"id":"c0","type":"function","function":{"name":"f","arguments":"\#(piece)"}}]"#
    }

    private static func old(_ piece: String) -> String { #""function_call":{"name":"f","arguments":"\#(piece)"}"# }

    @Test(arguments: [
        // Both with each piece, in either order; one after the other; and whole.
        pieces.map { "\(new($0)),\(old($0))" }, pieces.map { "\(old($0)),\(new($0))" },
        pieces.map { "\(old($0)),\"tool_calls\":null" } + pieces.map(new), pieces.map(new) + pieces.map(old),
        pieces.flatMap { [old($0), new($0)] }, [new(pieces.joined()) + "," + old(pieces.joined())],
    ])
    func areMadeOnce(deltas: [String]) throws {
        var assembler = CompletionAssembler()
        for delta in deltas {
            let chunk = #"{"choices":[{"index":0,"delta":{\#(delta)},"finish_reason":null}]}"#
            _ = try assembler.add(ChatChunk(parsing: JSON.parse(chunk)))
        }
        let calls = try assembler.completion(isDone: true).answer.message.toolCalls
        #expect(calls == [ChatToolCall(id: "c0", name: "f", arguments: #"{"x":1}"#)])
    }
}
