import JSON
import MCP
import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// Requests that a modern server has made again before it fulfils them.
@Suite(.timeLimit(.minutes(3))) struct InputRequiredTests {
    private let server = FakeServer()

    /// A server that asks what `rounds` say, one after the other, and then tells what it was asked with each time.
    private static func script(_ rounds: [JSON]) -> String {
        """
        rounds = json.loads(\(JSON.string(JSON.array(rounds).text).text))
        seen = []
        def handle(message):
            params = {key: value for key, value in message["params"].items() if key != "_meta"}
            seen.append([message["id"], params])
            if len(seen) <= len(rounds): return answer(message, {"resultType": "input_required"} | rounds[len(seen) - 1])
            said = json.dumps(seen)
            if message["method"] == "tools/call": answer(message, text(said))
            elif message["method"] == "resources/read":
                answer(message, {"contents": [{"uri": "a:b", "text": said}]})
            else: answer(message, {"messages": [{"role": "user", "content": {"type": "text", "text": said}}]})
        serve(handle, "2026-07-28")
        """
    }

    private static func ask(_ keys: String..., state: String? = nil) -> JSON {
        var requests = JSONObject()
        for key in keys {
            requests[key] = ["method": "elicitation/create", "params": ["message": .string(key), "mode": "form"]]
        }
        var round: JSONObject = ["inputRequests": .object(requests)]
        round["requestState"] = state.map(JSON.string)
        return .object(round)
    }

    private static var person: Person { Person(decide: { .accept(["said": .string($0.message)]) }) }

    private static func said(_ keys: String...) -> JSON {
        var answers = JSONObject()
        for key in keys { answers[key] = ["action": "accept", "content": ["said": .string(key)]] }
        return .object(answers)
    }

    @Test(arguments: ["tools/call", "prompts/get", "resources/read"])
    func makesARequestAgainWithWhatOneRoundAddsAlone(method: String) async throws {
        let rounds = [
            Self.ask("a", "b", state: " {\"x\": 1}\n"), Self.ask("c"), ["requestState": "", "inputRequests": nil],
        ]
        try await server.with(Self.script(rounds), elicitation: Self.person) { client in
            let text: String?
            let params: JSONObject
            switch method {
            case "tools/call":
                let result = try await client.callTool("t", ["k": 1.5], timeLimit: 60)
                text = if case .text(let text)? = result.content.first { text } else { nil }
                params = ["name": "t", "arguments": ["k": 1.5]]
            case "prompts/get":
                let message = try await client.getPrompt("p").first
                text = if case .text(let text)? = message?.content { text } else { nil }
                params = ["name": "p"]
            default:
                text = String(decoding: try await client.readResource("a:b").first?.bytes ?? [], as: UTF8.self)
                params = ["uri": "a:b"]
            }
            let seen = try #require(try JSON.parse(text ?? "").arrayValue)
            #expect(Set(seen.compactMap { $0.arrayValue?.first?.integerValue }).count == 4, "each has an id of its own")
            let asked = seen.compactMap { $0.arrayValue?.last?.objectValue }
            #expect(asked.first == params)
            var second = params
            second["inputResponses"] = Self.said("a", "b")
            second["requestState"] = " {\"x\": 1}\n"
            #expect(asked.dropFirst().first == second)
            var third = params
            third["inputResponses"] = Self.said("c")
            #expect(asked.dropFirst(2).first == third)
            var fourth = params
            fourth["requestState"] = ""
            #expect(asked.last == fourth)
        }
    }

    @Test func makesARequestAgainThatOnlyHasAStateThoughNobodyAnswers() async throws {
        try await server.with(Self.script([["requestState": "1"], ["requestState": "2"]])) { client in
            let seen = try JSON.parse(try await client.text("t")).arrayValue ?? []
            #expect(seen.map { $0.arrayValue?.last?["requestState"] } == [nil, "1", "2"])
        }
    }

    @Test func makesNoRequestAgainWithoutEnd() async throws {
        let limits = ClientLimits.patient { $0.inputRounds = 3 }
        let rounds = Array(repeating: ["requestState": "s"] as JSON, count: 10)
        try await server.with(Self.script(rounds), limits: limits) { client in
            await #expect(throws: MCPClientError.unsupported("endless questions to the user")) {
                try await client.text("t")
            }
        }
    }

    @Test(
        arguments: [
            [:], ["inputRequests": [:]], ["inputRequests": "x"], ["inputRequests": ["a": 7]],
            ["inputRequests": ["a": ["method": "sampling/createMessage", "params": [:]]]],
            ["inputRequests": ["a": ["method": "roots/list"]]], ["inputRequests": ["a": ["params": [:]]]],
            ["inputRequests": ["a": ["method": "elicitation/create"]]], ["requestState": 7],
        ] as [JSON])
    func saysThatItCannotAnswerWhatItDidNotOffer(round: JSON) async throws {
        let person = Self.person
        try await server.with(Self.script([round]), elicitation: person) { client in
            let error = await #expect(throws: MCPClientError.self) { try await client.text("t") }
            switch error {
            case .unsupported?, .malformed?: break
            default: Issue.record("\(String(describing: error))")
            }
        }
        #expect(person.asked.elements.isEmpty)
    }

    @Test func asksNothingForAListOrForAServerWithAHandshake() async throws {
        let script =
            "serve(lambda m: answer(m, {'resultType': 'input_required', 'requestState': 's', 'tools': []}), VERSION)"
        let modern = script.replacing("VERSION", with: "'2026-07-28'")
        try await server.with(modern, elicitation: Self.person) { client in
            await #expect(throws: MCPClientError.self) { try await client.listTools() }
        }
        try await server.with(script.replacing("VERSION", with: "'2025-11-25'"), elicitation: Self.person) { client in
            await #expect(throws: MCPClientError.self) { try await client.text("t") }
        }
    }
}
