import JSON
import Testing

@Suite struct ValueTests {
    @Test(
        arguments: [
            ("null", nil), ("true", true), ("false", false), ("0", 0), ("-1", -1), ("\"\"", ""), ("\"a\"", "a"),
            ("[]", []), ("{}", [:]), ("[1,[2,[]]]", [1, [2, []]]), (#"{"a":{"b":[null]}}"#, ["a": ["b": [nil]]]),
            (" \t\r\n[ 1 , 2 ] \n", [1, 2]), (#" { "a" : 1 , "b" : 2 } "#, ["a": 1, "b": 2]),
        ] as [(String, JSON)])
    func readsEveryKindOfValue(text: String, value: JSON) throws {
        #expect(try JSON.parse(text) == value)
    }

    @Test func readsFromASliceAndFromWhatIsNotContiguous() throws {
        let text = Array("xx[1,2]xx".utf8)
        #expect(try JSON.parse(text[2..<7]) == [1, 2])
        #expect(try JSON.parse(Array(text[2..<7].reversed()).reversed()) == [1, 2])
    }

    @Test func keepsBooleansAndNumbersApart() throws {
        #expect(try JSON.parse("1") != true)
        #expect(try JSON.parse("true") != 1)
        #expect(try JSON.parse("1").boolValue == nil)
        #expect(try JSON.parse("true").integerValue == nil)
        #expect(try JSON.parse("0") != false)
        #expect(try JSON.parse("null") != 0)
    }

    @Test func answersOnlyForItsOwnKind() {
        let values: [JSON] = [nil, true, 1, 1.5, "a", [1], ["a": 1]]
        #expect(values.compactMap(\.boolValue) == [true])
        #expect(values.compactMap(\.integerValue) == [1])
        #expect(values.compactMap(\.numberValue) == [1, 1.5])
        #expect(values.compactMap(\.stringValue) == ["a"])
        #expect(values.compactMap(\.arrayValue) == [[1]])
        #expect(values.compactMap(\.objectValue) == [["a": 1]])
        #expect(values.map { $0["a"] } == [nil, nil, nil, nil, nil, nil, 1])
    }

    @Test func namesItsKindInWords() {
        let values: [JSON] = [nil, true, 1, 1.5, "a", [1], ["a": 1]]
        let words = ["null", "a boolean", "an integer", "a number", "a string", "an array", "an object"]
        #expect(values.map(\.kindDescription) == words)
    }
}
