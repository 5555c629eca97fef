import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// A client's form of the answer, and its members that mean nothing to a model.
@Suite(.timeLimit(.minutes(3))) struct FormedRunTests {
    private static let form: JSON = [
        "type": "json_schema",
        "json_schema": ["name": "a", "schema": ["type": "object", "properties": ["city": ["type": "string"]]]],
    ]
    private static let refused = ModelError(kind: .refused, message: "no", status: 400, isOfAnswerForm: true)

    private static func runner(_ text: String, refusing: Bool) -> FakeRunner {
        FakeRunner { request, tell in
            if refusing, request.parameters["response_format"] != nil { throw refused }
            return await FakeRunner.says(text, tell)
        }
    }

    @Test(arguments: [
        (#"{"city":"Bath"}"#, #"{"city":"Bath"}"#),
        ("Here:\n```json\n{\"city\": \"Bath\"}\n```\n", #"{"city":"Bath"}"#),
        ("It is Bath.", "It is Bath."),
    ])
    func aFormThatIsTakenFromNoRequestWithToolsIsToldInWords(text: String, answer: String) async throws {
        for isStreamed in [false, true] {
            let runner = Self.runner(text, refusing: true)
            try await ServiceTrial(runner).run { trial in
                let body: JSONObject = [
                    "response_format": Self.form, "temperature": 0, "stream": .bool(isStreamed),
                ]
                let said = try await trial.say("where?", body)
                if isStreamed {
                    let pieces = said.chunks.compactMap {
                        $0["choices"]?.arrayValue?.first?["delta"]?["content"]?.stringValue
                    }
                    #expect(pieces.joined() == answer)
                } else {
                    #expect(said.json["choices"]?.arrayValue?.first?["message"]?["content"] == .string(answer))
                }
            }
            let requests = runner.requests.elements
            try #require(requests.count == 2)
            #expect(requests[0].parameters["response_format"] == Self.form)
            #expect(requests[1].parameters == ["temperature": 0])
            #expect(requests[1].conversation.first?.text.contains(#""city":{"type":"string"}"#) == true)
        }
    }

    @Test func aFormThatIsTakenIsPassedOnAsItIs() async throws {
        let runner = Self.runner("It is {1}.", refusing: false)
        try await ServiceTrial(runner).run { trial in
            let said = try await trial.say("where?", ["response_format": Self.form])
            #expect(said.json["choices"]?.arrayValue?.first?["message"]?["content"] == "It is {1}.")
        }
        #expect(runner.requests.elements.map(\.parameters) == [["response_format": Self.form]])
    }

    @Test func whatFrontEndsTellTheirOwnServersIsNotPassedOn() async throws {
        let runner = Self.runner("hi", refusing: false)
        let own: JSONObject = [
            "chat_id": "c", "session_id": "s", "id": "i", "metadata": ["a": "b"], "message_id": "m", "tool_ids": [],
            "conversationId": "c", "features": [:], "background_tasks": [:], "model_item": [:], "variables": [:],
            "params": [:], "files": [], "filter_ids": [], "request_id": "r",
        ]
        let parameters: JSONObject = [
            "temperature": 0, "top_k": 5, "min_p": 0.5, "stop_token_ids": [1], "reasoning_effort": "low",
            "chat_template_kwargs": ["enable_thinking": false],
        ]
        var body = own
        for member in parameters { body[member.key] = member.value }
        let sent = body
        try await ServiceTrial(runner).run { trial in _ = try await trial.say("hi", sent) }
        let passed = try #require(runner.requests.elements.first?.parameters)
        #expect(Set(passed.keys) == Set(parameters.keys))
    }
}
