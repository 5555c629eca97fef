import JSON
import TestSupport
import Testing

/// Results in forms that the protocol doesn't have.
@Suite(.timeLimit(.minutes(3))) struct OddResultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let result: JSON
        let content: JSON
        var structured: JSON?
        var testDescription: String { result.text }
    }

    @Test(arguments: [
        Case(result: 42, content: [["type": "text", "text": "42"]]),
        Case(result: "words", content: [["type": "text", "text": "words"]]),
        Case(result: true, content: [["type": "text", "text": "true"]]),
        Case(
            result: ["a", "b"], content: [["type": "text", "text": "a"], ["type": "text", "text": "b"]]),
        Case(result: ["content": "words"], content: [["type": "text", "text": "words"]]),
        Case(
            result: ["content": ["type": "text", "text": "one"]], content: [["type": "text", "text": "one"]]),
        Case(
            result: ["content": ["a", ["text": "b"], 3]],
            content: [
                ["type": "text", "text": "a"], ["text": "b", "type": "text"], ["type": "text", "text": "3"],
            ]),
        Case(
            result: ["content": [["type": "text", "text": 5], ["type": "text", "text": ["k": 1]], ["type": "text"]]],
            content: [
                ["type": "text", "text": "5"], ["type": "text", "text": #"{"k":1}"#], ["type": "text", "text": ""],
            ]),
        Case(
            result: ["content": [["type": "later", "x": 1], ["x": 2]]],
            content: [["type": "later", "x": 1], ["type": "text", "text": #"{"x":2}"#]]),
        Case(
            result: ["orders": [1, 2], "_meta": ["k": 1]], content: .null, structured: ["orders": [1, 2]]),
        Case(result: ["content": .null, "structuredContent": [1]], content: .null, structured: [1]),
    ])
    func arriveWhole(odd: Case) async throws {
        let script = Script.server(
            #"[tool("give", True)]"#,
            """
            def handle_call(message, name, arguments):
                answer(message, arguments["result"])
            """)
        try await Harness.with([Harness.open(script)]) { harness in
            let answer = try await harness.connect().tool("give", ["result": odd.result])
            #expect(answer["result"]?.objectValue?.given("content") ?? .null == odd.content, "\(answer.text)")
            #expect(answer["result"]?["structuredContent"] == odd.structured, "\(answer.text)")
        }
    }
}
