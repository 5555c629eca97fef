import JSON
import JSONRPC
import TestSupport
import Testing

@testable import ExecMCP

/// What lines get an answer, whatever is in them.
@Suite(.timeLimit(.minutes(2))) struct SessionLineTests {
    private let session: SessionHarness

    init() throws {
        session = try SessionHarness()
    }

    @Test(arguments: [
        ("x", -32700), ("{\"jsonrpc\":\"2.0\",\"id\":1,", -32700), ("[", -32700), ("1", -32600), ("{}", -32600),
        ("[]", -32600), (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600), (#"{"id":1,"method":"ping"}"#, -32600),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32602),
        (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600),
    ])
    func answersABadLineAndServesTheNext(line: String, code: Int) async throws {
        session.send(line)
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(session.written.elements.count == 2)
        #expect(session.written.elements.first?.errorCode == code)
    }

    @Test func answersALineTooLongAndServesTheNext() async throws {
        session.receive(.tooLong(limit: 77))
        #expect(try await session.answer("ping")["result"] == [:])
        #expect(session.written.elements.first?.errorCode == -32600)
        #expect(session.written.elements.first?.errorMessage.contains("77") == true)
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
