import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ExecMCP

/// What lines get an answer, whatever is in them.
@Suite(.timeLimit(.minutes(3))) struct SessionLineTests {
    private let session: SessionHarness

    init() throws {
        session = try SessionHarness()
    }

    @Test(arguments: [
        ("x", -32700), ("{\"jsonrpc\":\"2.0\",\"id\":1,", -32700), ("[", -32700), ("1", -32600), ("{}", -32600),
        ("[]", -32600), (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600), (#"{"id":1,"method":"ping"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, -32602),
        (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
    ])
    func answersABadLineAndServesTheNext(line: String, code: Int) async throws {
        session.send(line)
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(session.written.elements.count == 2)
        #expect(session.written.elements.first?.errorCode == code)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":"i","method":"tools/list","params":null}"#, "tools"),
        (#"{"jsonrpc":"2.0","id":"i","method":"tools/list","params":[]}"#, "tools"),
        (#"{"jsonrpc":"2.0","id":"i","method":"tools/list","params":{"cursor":null,"_meta":null}}"#, "tools"),
        (#"{"jsonrpc":"2.0","id":"i","method":"tools/list","params":{"_meta":[]}}"#, "tools"),
        (#"{"jsonrpc":"2.0","id":"i","method":"prompts/list","params":{"cursor":null}}"#, "prompts"),
        (#"{"jsonrpc":"2.0","id":"i","method":"resources/list","params":{"cursor":null}}"#, "resources"),
        (#"{"jsonrpc":"2.0","id":"i","method":"resources/list","params":null}"#, "resources"),
        (
            #"{"jsonrpc":"2.0","id":"i","method":"resources/templates/list","params":{"cursor":null}}"#,
            "resourceTemplates"
        ),
        (
            #"{"jsonrpc":"2.0","id":"i","method":"prompts/get","params":{"name":"agent_system_prompt","arguments":null}}"#,
            "messages"
        ),
        (
            #"{"jsonrpc":"2.0","id":"i","method":"prompts/get","params":{"name":"agent_system_prompt","arguments":[]}}"#,
            "messages"
        ),
        (
            #"{"jsonrpc":"2.0","id":"i","method":"tools/list","params":{"_meta":{"x-user-id":null,"progressToken":null}}}"#,
            "tools"
        ),
        (
            """
            {"jsonrpc":"2.0","id":"i","method":"tools/list","params":{"_meta":{\
            "io.modelcontextprotocol/protocolVersion":null}}}
            """, "tools"
        ),
        (
            """
            {"jsonrpc":"2.0","id":"i","method":"skills/list","params":{"cursor":null,"_meta":{\
            "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},\
            "io.modelcontextprotocol/logLevel":null}}}
            """, "skills"
        ),
    ])
    func takesNullForWhatIsLeftOut(line: String, member: String) async throws {
        try await session.initialize("2025-11-25")
        session.send(line)
        let answer = try await session.answer(to: "i")
        #expect(answer["result"]?[member] != nil, "\(answer.text)")
    }

    @Test(arguments: [
        "resourcesListChanged", "promptsListChanged", "toolsListChanged", "resourceSubscriptions", "taskIds",
    ])
    func hearsOfNothingThatIsNull(name: String) async throws {
        session.send(
            SessionHarness.request(
                "subscriptions/listen", SessionHarness.modern(["notifications": [name: nil]]), id: 1))
        let messages = try await session.written.wait(forCount: 1)
        #expect(messages[0]["method"] == "notifications/subscriptions/acknowledged")
        #expect(messages[0]["params"]?["notifications"] == [:])
        await session.close()
    }

    @Test func answersALineTooLongAndServesTheNext() async throws {
        session.receive(.tooLong(limit: 77))
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(session.written.elements.first?.errorCode == -32600)
        #expect(session.written.elements.first?.errorMessage.contains("77") == true)
        session.receive(.tooLong(limit: 77, id: .string("long")))
        #expect(try await session.answer(to: "long").errorCode == -32600)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, true), (#"{"jsonrpc":"2.0","id":1,"method":"ping""#, false),
        (#"{"jsonrpc":"2.0","id":1}"#, false), ("x", false),
    ])
    func takesALastLineWithoutAnEndWhereItIsAWholeMessage(line: String, isAnswered: Bool) async throws {
        session.receive(.unfinished(Array(line.utf8)))
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(session.written.elements.count == (isAnswered ? 2 : 1))
    }

    @Test func refusesWhatHasTooManyValues() async throws {
        let zeros = Array(repeating: "0", count: Session.valueLimit).joined(separator: ",")
        session.send(#"{"jsonrpc":"2.0","id":"many","method":"ping","params":{"x":[\#(zeros)]}}"#)
        let answer = try await session.answer(to: "many")
        #expect(answer.errorCode == -32600)
        #expect(answer.errorMessage.contains("at most \(Session.valueLimit) values"))
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        #"{"jsonrpc":"2.0","method":"notifications/unknown","params":{"a":1}}"#,
        #"{"jsonrpc":"2.0","method":"tools/list"}"#, #"{"jsonrpc":"2.0","method":"ping","params":[1]}"#,
        #"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}"#,
        #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":null}}"#,
        #"{"jsonrpc":"2.0","id":1,"result":{}}"#, #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m"}}"#,
    ])
    func neverAnswersANotificationOrAnAnswer(line: String) async throws {
        try await session.initialize("2025-11-25")
        session.send(line)
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(session.written.elements.count == 2)
    }

    @Test func answersRequestsThatComeTogether() async throws {
        for number in 0..<200 { session.send(SessionHarness.request("ping", id: .integer(number))) }
        let answers = try await session.written.wait(forCount: 200)
        #expect(answers.map { $0["id"] } == (0..<200).map { .integer($0) })
    }
}
