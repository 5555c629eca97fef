import JSON
import Testing

@Suite struct RefusalTests {
    @Test(arguments: [
        ("", "unexpected end", 0),
        (" \n", "unexpected end", 2),
        ("[1,]", "unexpected character", 3),
        ("[,1]", "unexpected character", 1),
        ("[1 2]", "expected ',' or ']'", 3),
        ("[1", "expected ',' or ']'", 2),
        ("[", "unexpected end", 1),
        ("]", "unexpected character", 0),
        (#"{"a":1,}"#, "expected a member name", 7),
        (#"{,"a":1}"#, "expected a member name", 1),
        ("{a:1}", "expected a member name", 1),
        ("{'a':1}", "expected a member name", 1),
        ("{1:1}", "expected a member name", 1),
        (#"{"a" 1}"#, "expected ':'", 5),
        (#"{"a"}"#, "expected ':'", 4),
        (#"{"a":}"#, "unexpected character", 5),
        (#"{"a":1"#, "expected ',' or '}'", 6),
        (#"{"a":1 "b":2}"#, "expected ',' or '}'", 7),
        ("{", "expected a member name", 1),
        ("tru", "unexpected end", 0),
        ("trux", "unexpected character", 0),
        ("True", "unexpected character", 0),
        ("nul]", "unexpected character", 0),
        ("truefalse", "unexpected text after the value", 4),
        ("{} {}", "unexpected text after the value", 3),
        ("1 // one", "unexpected text after the value", 2),
        ("/* */ 1", "unexpected character", 0),
        ("\u{A0}1", "unexpected character", 0),
        ("1\u{0}", "unexpected text after the value", 1),
    ])
    func refusesWithTheReasonAndTheByte(text: String, reason: String, offset: Int) {
        #expect(parseError(text)?.reason == reason)
        #expect(parseError(text)?.offset == offset)
    }

    @Test func refusesAByteOrderMarkAndOtherEncodings() {
        #expect(parseError([0xEF, 0xBB, 0xBF] + Array("1".utf8)) != nil)
        #expect(parseError([0xFE, 0xFF, 0x00, 0x31]) != nil)
        #expect(parseError([0xFF, 0xFE, 0x31, 0x00]) != nil)
        #expect(parseError([0x31, 0x00, 0x32, 0x00]) != nil)
    }

    @Test(arguments: [
        (#"{"a":1,"a":1}"#, 7),
        (#"{"a":1,"b":{"c":1,"c":2}}"#, 18),
        (#"{"a":1,"\u0061":2}"#, 7),
        (#"{"":1,"":2}"#, 6),
        // The two spellings of é are one name here as they are one String to Swift: refused, never merged.
        (#"{"\u00E9":1,"e\u0301":2}"#, 12),
    ])
    func refusesADuplicateName(text: String, offset: Int) {
        #expect(parseError(text)?.reason == "duplicate member name")
        #expect(parseError(text)?.offset == offset)
    }

    @Test(arguments: [1, 15, 16, 17, 40])
    func refusesADuplicateNameInAnObjectOfAnySize(count: Int) {
        let names = (0..<count).map { "n\($0)" }
        for name in names {
            let members = (names + [name]).map { "\"\($0)\":0" }
            #expect(parseError("{\(members.joined(separator: ","))}")?.reason == "duplicate member name")
        }
    }

    @Test func readsToTheGreatestDepthAndNoDeeper() throws {
        func nested(_ depth: Int, _ opening: String, _ closing: String) -> String {
            String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
        }
        for (opening, closing) in [("[", "]"), (#"{"a":"#, "}"), (#"[{"a":"#, "}]")] {
            let levels = opening == "[{\"a\":" ? JSON.maxDepth / 2 : JSON.maxDepth
            let deepest = try JSON.parse(nested(levels, opening, closing))
            #expect(try JSON.parse(deepest.serialized()) == deepest)
            let reason = "nested deeper than \(JSON.maxDepth) levels"
            #expect(parseError(nested(levels + 1, opening, closing))?.reason == reason)
            #expect(parseError(nested(100_000, opening, closing))?.reason == reason)
            #expect(parseError(String(repeating: opening, count: 100_000))?.reason == reason)
        }
    }

    @Test func countsDepthAndNotNeighbours() throws {
        let text = "[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"
        #expect(try JSON.parse(text).arrayValue?.count == 1000)
    }

    @Test func describesTheFaultWithItsPlace() {
        #expect(parseError("[1,]")?.description == "unexpected character at byte 3")
    }

    @Test(arguments: [
        ("[1,DEEP,{\"a\":2}]", true), ("{\"a\":DEEP,\"b\":[]}", true), ("[DEEP", false), ("[DEEP,]", false),
        ("[DEEP]]", false),
    ])
    func whatIsNestedTooDeeplyMayBeReplaced(text: String, isWhole: Bool) throws {
        let levels = JSON.maxDepth - 1
        let inner = String(repeating: "[", count: 100_000) + "\"]}\\\"\"" + String(repeating: "]", count: 100_000)
        let deep = String(repeating: "[", count: levels) + inner + String(repeating: "]", count: levels)
        let whole = text.replacing("DEEP", with: deep)
        #expect(throws: JSONParseError.self) { try JSON.parse(whole) }
        let found = try? JSON.parse(Array(whole.utf8), deepValue: "cut")
        #expect((found != nil) == isWhole)
        var value = found?.arrayValue?[1] ?? found?["a"]
        if isWhole {
            for _ in 0..<levels { value = value?.arrayValue?.first }
            #expect(value == "cut")
        }
    }
}
