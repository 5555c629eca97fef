import JSON
import JSONRPC
import Testing

/// An answer bears the id of its request, also where the line cannot be read or the id is an odd one.
@Suite struct MessageIDTests {
    private func refusal(_ line: [UInt8]) -> Response? {
        if case .invalid(let response) = IncomingMessage.parse(line) { response } else { nil }
    }

    private static let broken: [(name: String, value: [UInt8])] = [
        ("bad UTF-8", [0x22, 0xFF, 0x22]), ("a raw control character", [0x22, 0x01, 0x22]), ("no value", []),
        ("a trailing comma", Array("[1,]".utf8)), ("an unknown escape", Array(#""\q""#.utf8)),
        ("deep nesting", Array((String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)).utf8)),
        ("two members of one name", Array(#"{"id":1,"id":2}"#.utf8)), ("an id further in", Array(#"{"id":99,}"#.utf8)),
        ("a comment", Array("/* \"id\":98 */ 1".utf8)), ("an id in a text", Array(#""\"id\":97, \q""#.utf8)),
        ("NaN", Array("NaN".utf8)), ("a single quotation mark", Array("'a'".utf8)),
    ]

    @Test(
        arguments: MessageIDTests.broken.map(\.name), ["7", #""seven""#, "-1", "5.0", "123456789012345678901234567890"])
    func standsInALineThatCannotBeRead(name: String, id: String) throws {
        let value = try #require(Self.broken.first { $0.name == name }).value
        let lines = [
            Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"m","params":{"x":"#.utf8) + value + Array("}}".utf8),
            Array(#"{"params":{"x":"#.utf8) + value + Array(#"},"method":"m","jsonrpc":"2.0", "id" : \#(id) }"#.utf8),
            Array(#"{"x":"#.utf8) + value + Array(#","\u0069d":\#(id)}"#.utf8),
        ]
        for line in lines {
            #expect(refusal(line)?.id?.description == id, "\(String(decoding: line, as: UTF8.self))")
            #expect(refusal(line)?.json["error"]?["code"] == -32700)
        }
    }

    @Test(arguments: [
        #"{"jsonrpc":"2.0","id":4,"method":"ping""#, #"{"jsonrpc":"2.0","id":4,"method":"pi"#,
        #"{"jsonrpc":"2.0","id":4,"method":"ping"} trailing"#, #"{"jsonrpc":"2.0","id":4,"method":"ping"}{"id":5}"#,
        "\u{FEFF}{\"id\":4,}", #" {"id":4 x}"#, #"{,"id":4}"#,
    ])
    func standsInWhatIsCutOrGoesOn(line: String) {
        #expect(refusal(Array(line.utf8))?.id == .integer(4))
    }

    @Test(arguments: [
        #"{"id":1,"id":2}"#, #"{"id":1,"id":null,}"#, #"{"id":12"#, #"{"id":"cut"#, #"{"id":null,}"#, #"{"id":1.5,}"#,
        #"{"id":true,}"#, #"{"id":{"id":1},}"#, #"{"id":[1],}"#, #"{"params":{"id":1},}"#, #"[{"params":{"id":1},}]"#,
        #"{"x":"\"id\":1",}"#, #"{"idx":1,}"#, #"{"ID":1,}"#, #"{"id":01,}"#, #"{"id":1e400,}"#, #"x{"id":1}"#,
        "\"id\":1", "",
        #"{"a","id":1,"b" "id":2,"id":3 "id":4,}"#,
    ])
    func isNoneWhereItIsNotCertain(line: String) {
        #expect(refusal(Array(line.utf8)) != nil)
        #expect(refusal(Array(line.utf8))?.id == nil)
    }

    @Test func isNotLookedForBeyondABound() {
        let long = String(repeating: "x", count: 64 * 1024)
        #expect(refusal(Array(#"{"id":"\#(long)",}"#.utf8))?.id == nil)
        #expect(refusal(Array(#"{"id":"\#(long.dropLast(2))",}"#.utf8))?.id != nil)
    }

    @Test(arguments: [
        "5.0", "1e3", "-1E+2", "0.0", "123456789012345678901234567890", "-99999999999999999999", #""cut \ud83d""#,
        #""\udc00\ud83d""#,
    ])
    func comesBackAsItWasWritten(id: String) throws {
        let texts = [
            #"{"jsonrpc":"2.0","id":\#(id),"method":"m"}"#,
            #"{"method":"m","jsonrpc":"2.0","params":{"id":3},"id":\#(id)}"#,
        ]
        for text in texts {
            guard case .request(let request) = IncomingMessage.parse(Array(text.utf8)) else {
                Issue.record("\(text) was not taken")
                continue
            }
            #expect(Response(id: request.id, .success([:])).json.text == #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
        }
        guard case .batch(let messages) = IncomingMessage.parse(Array("[7,\(texts[0]),\(texts[1])]".utf8)) else {
            Issue.record("no batch")
            return
        }
        for case .request(let request) in messages.dropFirst() { #expect(request.id.description == id) }
    }

    @Test(arguments: [#""\ufffd""#, "\"\u{FFFD}\"", #""\ud83d\ude00""#])
    func isAnOrdinaryStringWhereItIsWhole(id: String) throws {
        guard
            case .request(let request) = IncomingMessage.parse(
                Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"m"}"#.utf8))
        else {
            Issue.record("\(id) was not taken")
            return
        }
        #expect(request.id.json.stringValue == (try JSON.parse(id).stringValue))
    }

    @Test func isNamedByACancellationHoweverThatIsRead() throws {
        for (id, other) in [("5.0", "6.0"), ("1e3", "1e4"), (#""a\ud83d""#, #""b\ud83d""#)] {
            guard
                case .request(let request) = IncomingMessage.parse(
                    Array(#"{"jsonrpc":"2.0","id":\#(id),"method":"m"}"#.utf8))
            else { continue }
            #expect(request.id.isWritten(for: try JSON.parse(id, .lenient)))
            #expect(!request.id.isWritten(for: try JSON.parse(other, .lenient)))
        }
    }

    @Test func standsInEachMessageOfABatchThatCannotBeRead() throws {
        let line = #"[{"id":1,"method":"m"},{"id":"two"},{"method":"n","params":[{"id":9}]},{"id":3,"x":nope},]"#
        guard case .batch(let messages) = IncomingMessage.parse(Array(line.utf8)) else {
            Issue.record("no batch")
            return
        }
        let ids = messages.map { message -> RequestID? in
            if case .invalid(let response) = message { response.id } else { nil }
        }
        #expect(ids == [.integer(1), .string("two"), .integer(3)])
    }

    /// Params and results pass through this program, and ids come back in other messages.
    @Test(arguments: ["9223372036854775808", "-9223372036854775809", "1" + String(repeating: "0", count: 400)])
    func keepsItsDigitsAsAllIntegersDo(number: String) throws {
        let line = #"{"jsonrpc":"2.0","id":\#(number),"method":"m","params":{"n":\#(number)}}"#
        guard case .request(let request) = IncomingMessage.parse(Array(line.utf8)) else {
            Issue.record("no request")
            return
        }
        #expect(request.id == .verbatim(number))
        #expect(request.json.text == line)
        #expect(request.id.isWritten(for: request.params["n"] ?? nil))
        let answer = #"{"jsonrpc":"2.0","id":1,"result":{"n":[\#(number)]}}"#
        guard case .response(_, .success(let result)?) = IncomingMessage.parse(Array(answer.utf8)) else {
            Issue.record("no response")
            return
        }
        #expect(JSON.object(result).text == #"{"n":[\#(number)]}"#)
    }

    @Test func isAnotherOneWhereTheBytesDiffer() {
        #expect(Set([RequestID.string("caf\u{E9}"), .string("cafe\u{301}"), .string("caf\u{E9}")]).count == 2)
        #expect(Set([RequestID.string("5.0"), .verbatim("5.0"), .integer(5)]).count == 3)
    }

    @Test func mayHaveAKibibyte() {
        func line(_ count: Int) -> [UInt8] {
            Array(#"{"jsonrpc":"2.0","id":"\#(String(repeating: "i", count: count))","method":"m"}"#.utf8)
        }
        #expect(refusal(line(1024)) == nil)
        #expect(refusal(line(1025))?.json["error"]?["message"] == "An id may have at most 1024 bytes, not 1025.")
        #expect(refusal(line(1025))?.id != nil)
        // Such a one is not worth its place in an answer.
        #expect(refusal(line(1_000_000))?.json["error"]?["code"] == -32600)
        #expect(refusal(line(1_000_000))?.id == nil)
    }
}
