import JSON
import TestSupport
import Testing

@Suite struct ScannerTests {
    @Test(arguments: [
        ("{}", 2), ("[] {}", 2), (#"{"a":[1,{"b":"}"}]} rest"#, 19), (#"["\"]", "\\"]"#, 13), (#"{"\\\"}":1}"#, 11),
        ("[[[]]", nil), (#"{"a"#, nil), (#"["\"#, nil), ("", nil), (#"["]\"#, nil), ("{\"\u{e9}\":1}x", 8),
    ])
    func findsTheEndOfAValue(text: String, end: Int?) {
        #expect(JSON.endOfValue(in: Array(text.utf8), from: 0) == end)
        #expect(JSON.endOfValue(in: Array(("x " + text).utf8), from: 2) == end.map { $0 + 2 })
    }

    @Test(arguments: UInt64(1)...10)
    func findsTheEndOfEachValueThatIsWritten(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<200 {
            let value = JSON.array([random.value()])
            let text = Array(value.text.utf8)
            #expect(JSON.endOfValue(in: text + Array("]} \"".utf8), from: 0) == text.count)
            #expect(JSON.repairingStrings(in: text) == text)
        }
    }

    @Test func staysLinearInDeepText() {
        let count = 200_000
        let text = Array(repeating: UInt8(ascii: "["), count: count) + Array(repeating: UInt8(ascii: "]"), count: count)
        #expect(JSON.endOfValue(in: text, from: 0) == 2 * count)
    }

    @Test(arguments: [
        ("[\"a\tb\"]", #"["a\u0009b"]"#), ("[\"\u{1b}[0m\u{1f}\"\n]", #"["\u001b[0m\u001f"\#n]"#),
        ("{\t\"a\":\r\n1}", "{\t\"a\":\r\n1}"), ("[\"\\\n\"]", "[\"\\\n\"]"), ("\"\u{7f}\u{0}", "\"\u{7f}\\u0000"),
        ("\\\"\t\"\t", "\\\"\\u0009\"\t"),
    ])
    func escapesControlCharactersInStrings(text: String, repaired: String) {
        #expect(String(decoding: JSON.repairingStrings(in: Array(text.utf8)), as: UTF8.self) == repaired)
    }

    @Test func replacesBytesThatAreNotUTF8() throws {
        let text = Array(#"["a"#.utf8) + [0xFF, 0xC3] + Array(#"","é"]"#.utf8)
        #expect(try JSON.parse(JSON.repairingStrings(in: text)) == ["a\u{FFFD}\u{FFFD}", "é"])
    }
}
