import JSON
import JSONRPC
import Testing

@Suite struct IncomingMessageTests {
    private func parse(_ text: String) -> IncomingMessage {
        IncomingMessage.parse(Array(text.utf8))
    }

    /// Checks that `text` is no message and is answered with this error.
    private func expectRefusal(
        _ text: String, id: RequestID?, code: Int, _ part: String, at location: SourceLocation = #_sourceLocation
    ) {
        guard case .invalid(let response) = parse(text), case .failure(let error) = response.outcome else {
            Issue.record("\(text) was taken", sourceLocation: location)
            return
        }
        #expect(response.id == id, sourceLocation: location)
        #expect(error.code == code, sourceLocation: location)
        #expect(error.message.contains(part), "\(error.message)", sourceLocation: location)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":1,"method":"m"}"#, Request(id: .integer(1), method: "m")),
        (#"{"jsonrpc":"2.0","id":-9,"method":"m","params":{}}"#, Request(id: .integer(-9), method: "m")),
        (#"{"method":"m","id":"é","jsonrpc":"2.0"}"#, Request(id: .string("é"), method: "m")),
        (#"{"jsonrpc":"2.0","id":"","method":""}"#, Request(id: .string(""), method: "")),
        (
            #"{"jsonrpc":"2.0","id":"1","method":"m","params":{"a":[1,null]},"extra":true}"#,
            Request(id: .string("1"), method: "m", params: ["a": [1, nil]])
        ),
    ])
    func takesARequest(text: String, request: Request) {
        #expect(parse(text) == .request(request))
    }

    @Test func tellsANumberFromAStringThatLooksLikeIt() {
        #expect(RequestID(.integer(1)) != RequestID(.string("1")))
    }

    @Test func takesANotification() {
        #expect(parse(#"{"jsonrpc":"2.0","method":"n"}"#) == .notification(Notification(method: "n")))
        #expect(
            parse(#"{"jsonrpc":"2.0","method":"n","params":{"a":1}}"#)
                == .notification(Notification(method: "n", params: ["a": 1])))
    }

    @Test func neverAnswersANotificationWithParamsOfTheWrongType() {
        #expect(parse(#"{"jsonrpc":"2.0","method":"n","params":[1]}"#) == .notification(Notification(method: "n")))
    }

    /// A response as text, and what it says.
    struct ResponseText: Sendable {
        let text: String
        let id: RequestID?
        let outcome: Result<JSONObject, RPCError>
    }

    @Test(
        arguments: [
            ResponseText(
                text: #"{"jsonrpc":"2.0","id":1,"result":{}}"#, id: .integer(1), outcome: .success([:])),
            ResponseText(
                text: #"{"jsonrpc":"2.0","id":"a","result":{"b":[1]},"extra":0}"#, id: .string("a"),
                outcome: .success(["b": [1]])),
            ResponseText(
                text: #"{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"m","data":{"x":2}}}"#, id: .string("a"),
                outcome: .failure(RPCError(code: 1, message: "m", data: ["x": 2]))),
            ResponseText(
                text: #"{"jsonrpc":"2.0","id":null,"error":{"code":-1}}"#, id: nil,
                outcome: .failure(RPCError(code: -1, message: ""))),
            ResponseText(
                text: #"{"jsonrpc":"2.0","id":3,"result":{"a":1},"error":null}"#, id: .integer(3),
                outcome: .success(["a": 1])),
            ResponseText(
                text: #"{"jsonrpc":"2.0","id":3,"method":null,"params":null,"error":null,"result":{}}"#,
                id: .integer(3), outcome: .success([:])),
            ResponseText(
                text: #"{"jsonrpc":"2.0","id":3,"result":null,"error":{"code":1,"message":"m"}}"#, id: .integer(3),
                outcome: .failure(RPCError(code: 1, message: "m"))),
        ])
    func knowsAResponse(_ response: ResponseText) {
        #expect(parse(response.text) == .response(response.id, response.outcome))
    }

    @Test(arguments: [
        #""result":null"#, #""result":[{}]"#, #""result":"done""#, #""error":null"#,
        #""result":{},"error":{"code":1,"message":"m"}"#, #""result":null,"error":null"#, #""method":null,"result":7"#,
    ])
    func takesNoOutcomeFromAResponseThatBreaksTheRules(members: String) {
        #expect(parse(#"{"jsonrpc":"2.0","id":3,\#(members)}"#) == .response(.integer(3), nil))
    }

    @Test(
        arguments: [
            (#""no""#, 0, "no"), ("{}", 0, "{}"), (#"{"code":"1","message":"m"}"#, 1, "m"),
            (#"{"code":1.5,"message":"m"}"#, 0, "m"), (#"{"message":"m"}"#, 0, "m"), ("7", 0, "7"),
            (#"{"code":1,"message":["m"]}"#, 1, #"{"code":1,"message":["m"]}"#),
        ])
    func whatStandsInTheMemberOfErrorsIsOne(error: String, code: Int, message: String) {
        let found = parse(#"{"jsonrpc":"2.0","id":3,"error":\#(error)}"#)
        #expect(found == .response(.integer(3), .failure(RPCError(code: code, message: message))))
    }

    @Test(
        arguments: [
            (#"{"id":3,"result":{}}"#, .response(.integer(3), .success([:]))),
            (#"{"jsonrpc":"1.0","method":"ping","id":1}"#, .request(Request(id: .integer(1), method: "ping"))),
            (#"{"method":"notifications/x"}"#, .notification(Notification(method: "notifications/x"))),
            // What a log may hold as well.
            (#"{"result":{}}"#, nil), (#"{"id":3,"level":"info"}"#, nil), (#"{"id":3,"method":"GET"}"#, nil),
            (#"{"error":"no"}"#, nil), (#"{"method":"tools/call","id":1}"#, nil),
        ] as [(String, IncomingMessage?)])
    func aMessageWithoutItsVersionCountsWhereItCanBeNothingElse(text: String, message: IncomingMessage?) {
        let found = IncomingMessage.parse(Array(text.utf8), anyVersion: true)
        if let message { #expect(found == message) }
        for found in [parse(text)] + (message == nil ? [found] : []) {
            guard case .invalid = found else {
                Issue.record("\(found)")
                continue
            }
        }
    }

    @Test(arguments: ["", "x", "{", "{}}", "'a'", "{\"a\":1,}", "[1,", "nul", "\u{FEFF}"])
    func answersWhatIsNoJSONWithAParseError(text: String) {
        expectRefusal(text, id: nil, code: -32700, "not valid JSON")
    }

    @Test(
        arguments: [[0xFF], [0x22, 0xC3, 0x28, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x7B, 0x00, 0x7D]] as [[UInt8]])
    func answersInvalidBytesWithAParseError(bytes: [UInt8]) {
        guard case .invalid(let response) = IncomingMessage.parse(bytes), case .failure(let error) = response.outcome
        else {
            Issue.record("\(bytes) was taken")
            return
        }
        #expect(error.code == -32700)
    }

    @Test func answersDeepNestingWithAParseError() {
        expectRefusal(String(repeating: "[", count: 100_000), id: nil, code: -32700, "nested")
    }

    @Test(
        arguments: [
            ("1", nil, "not an integer"), ("null", nil, "not null"), (#""text""#, nil, "not a string"),
            ("true", nil, "not a boolean"), ("1.5", nil, "not a number"),
            ("{}", nil, "jsonrpc"),
            (#"{"id":1,"method":"m"}"#, .integer(1), "jsonrpc"),
            (#"{"jsonrpc":"1.0","id":1,"method":"m"}"#, .integer(1), "jsonrpc"),
            (#"{"jsonrpc":2.0,"id":"x","method":"m"}"#, .string("x"), "jsonrpc"),
            (#"{"jsonrpc":"2.0"}"#, nil, "method"),
            (#"{"jsonrpc":"2.0","id":1}"#, .integer(1), "method"),
            (#"{"jsonrpc":"2.0","id":1,"method":7}"#, .integer(1), "method must be a string, not an integer"),
            (#"{"jsonrpc":"2.0","id":1,"method":null}"#, .integer(1), "method must be a string, not null"),
            (#"{"jsonrpc":"2.0","id":null,"method":"m"}"#, nil, "id must be a string or an integer, not null"),
            (#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, nil, "id must be"),
            (#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, nil, "id must be"),
            (#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, nil, "id must be"),
            (#"{"jsonrpc":"2.0","id":{},"method":"m"}"#, nil, "id must be"),
            ("[]", nil, "empty"),
        ] as [(String, RequestID?, String)])
    func answersWhatIsNoRequestWithAnInvalidRequestError(text: String, id: RequestID?, part: String) {
        expectRefusal(text, id: id, code: -32600, part)
    }

    @Test(arguments: ["[1]", "[[]]", "7", #""a""#, "false"])
    func answersParamsOfTheWrongTypeWithAnInvalidParamsError(params: String) {
        let text = #"{"jsonrpc":"2.0","id":1,"method":"m","params":\#(params)}"#
        expectRefusal(text, id: .integer(1), code: -32602, "params must be an object")
    }

    @Test(arguments: ["null", "[]", "{}", " [ ] "])
    func takesNothingForNoParams(params: String) {
        #expect(
            parse(#"{"jsonrpc":"2.0","id":1,"method":"m","params":\#(params)}"#)
                == .request(Request(id: .integer(1), method: "m")))
        #expect(
            parse(#"{"jsonrpc":"2.0","id":null,"method":"notifications/n","params":\#(params)}"#)
                == .notification(Notification(method: "notifications/n")))
    }

    @Test func refusesWhatHasTooManyValues() {
        let text = #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"x":[0,0,0,0]}}"#
        #expect(IncomingMessage.parse(Array(text.utf8), valueLimit: 10) == parse(text))
        guard case .invalid(let response) = IncomingMessage.parse(Array(text.utf8), valueLimit: 9) else {
            Issue.record("it was taken")
            return
        }
        #expect(response.id == .integer(1))
        #expect(response.json["error"]?["code"] == -32600)
        #expect(response.json["error"]?["message"]?.stringValue?.contains("at most 9 values") == true)
    }

    @Test func refusesABatchOfTooManyMessages() {
        func batch(_ count: Int) -> String { "[" + Array(repeating: "{}", count: count).joined(separator: ",") + "]" }
        expectRefusal(batch(IncomingMessage.maxBatch + 1), id: nil, code: -32600, "at most 1000 messages, not 1001")
        guard case .batch(let messages) = parse(batch(IncomingMessage.maxBatch)) else {
            Issue.record("no batch")
            return
        }
        #expect(messages.count == IncomingMessage.maxBatch)
    }

    @Test func takesABatchApart() throws {
        let text = """
            [{"jsonrpc":"2.0","id":1,"method":"m"}, {"jsonrpc":"2.0","method":"n"}, 7, [], \
            {"jsonrpc":"2.0","id":2,"result":{}}]
            """
        guard case .batch(let messages) = parse(text) else {
            Issue.record("no batch")
            return
        }
        try #require(messages.count == 5)
        #expect(messages[0] == .request(Request(id: .integer(1), method: "m")))
        #expect(messages[1] == .notification(Notification(method: "n")))
        #expect(messages[4] == .response(.integer(2), .success([:])))
        for message in messages[2...3] {
            guard case .invalid(let response) = message, case .failure(let error) = response.outcome else {
                Issue.record("\(message) was taken")
                continue
            }
            #expect(error.code == -32600)
        }
    }
}
