import JSON
import Testing

/// What is forgiven to clients and models, and what is not.
@Suite struct LenientReadingTests {
    @Test(arguments: [
        (#""cut \ud83d""#, "cut \u{FFFD}"), (#""\ude00 done""#, "\u{FFFD} done"), (#""\uD83Dx""#, "\u{FFFD}x"),
        (#""\uD83D\n""#, "\u{FFFD}\n"), (#""\uD83D\u0041""#, "\u{FFFD}A"), (#""\uD83D\uD83D""#, "\u{FFFD}\u{FFFD}"),
        (#""\uDE00\uD83D""#, "\u{FFFD}\u{FFFD}"), (#""\uD83D\uD83D\uDE00""#, "\u{FFFD}😀"),
        (#""\uD83D\uDE00\uDE00""#, "😀\u{FFFD}"), (#""\uDBFF\uDFFF\uD800""#, "\u{10FFFF}\u{FFFD}"),
    ])
    func makesHalfASurrogatePairAReplacementCharacter(text: String, value: String) throws {
        #expect(try JSON.parse(text, .lenient) == .string(value))
        #expect(parseError(text)?.reason == "lone surrogate")
    }

    @Test func makesItOneInTheMiddleOfAnythingElse() throws {
        let text = #"{"a\ud800":["\udc00",{"b":"\ud83d\ude00"}]}"#
        #expect(try JSON.parse(text, .lenient) == ["a\u{FFFD}": ["\u{FFFD}", ["b": "😀"]]])
    }

    @Test func passesOverAByteOrderMarkInFront() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try JSON.parse(mark + Array(" 1".utf8), .lenient) == 1)
        #expect(throws: JSONParseError.self) { try JSON.parse(mark + mark + Array("1".utf8), .lenient) }
        #expect(throws: JSONParseError.self) { try JSON.parse(Array("1".utf8) + mark, .lenient) }
        #expect(throws: JSONParseError.self) { try JSON.parse(mark, .lenient) }
    }

    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"\ud800":1,"\udfff":2}"#, "[1,]", "\"a\u{1}\"", "\"tab\there\"", "NaN", "Infinity",
        "1e400", "-1e400", "01",
        "'a'",
        "1 2", #""\ud83d\u12""#, #""\ud83d"#, #""\uzzzz""#,
    ])
    func forgivesNothingThatCanBeUnderstoodInTwoWays(text: String) {
        #expect(throws: JSONParseError.self) { try JSON.parse(text, .lenient) }
    }

    @Test(arguments: [[0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xC0, 0xAF]] as [[UInt8]])
    func refusesBytesThatAreNoUTF8(bytes: [UInt8]) {
        #expect(throws: JSONParseError.self) { try JSON.parse([0x22] + bytes + [0x22], .lenient) }
    }

    @Test(arguments: [
        ("7", 1), ("[]", 1), ("[1,2,3]", 4), (#"{"a":1,"b":[2,{"c":null}]}"#, 6), ("[[[[]]]]", 4),
    ])
    func countsValues(text: String, count: Int) throws {
        #expect(try JSON.parse(text, valueLimit: count) == JSON.parse(text))
        let error = #expect(throws: JSONParseError.self) { try JSON.parse(text, .lenient, valueLimit: count - 1) }
        #expect(error?.isOverLimit == true)
        #expect(error?.reason == "more than \(count - 1) values")
    }

    @Test func tellsTooManyValuesFromWhatIsNoJSON() {
        let error = #expect(throws: JSONParseError.self) { try JSON.parse("[1,2", valueLimit: 100) }
        #expect(error?.isOverLimit == false)
    }

    @Test(arguments: [.null, nil] as [JSON?])
    func takesNullForLeftOut(value: JSON?) {
        var object: JSONObject = ["other": 1]
        object["a"] = value
        #expect(object.given("a") == nil)
        #expect(object.given("other") == 1)
    }

    @Test func writesTextAsItStands() {
        #expect((["id": .verbatim("1e3")] as JSON).text == #"{"id":1e3}"#)
    }
}
