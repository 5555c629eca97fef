import JSON
import Testing

@Suite struct StringTests {
    @Test(arguments: [
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{08}\u{0C}\n\r\t"),
        (#""\u0041\u00e9\u00E9\u65E5""#, "Aéé日"),
        (#""\uD83D\uDE00 \ud83d\ude00""#, "😀 😀"),
        (#""a\u0000b""#, "a\0b"),
        (#""\u007f\u0085\u2028""#, "\u{7F}\u{85}\u{2028}"),
        (#""\\u0041""#, "\\u0041"),
        ("\"é日本語😀\"", "é日本語😀"),
        ("\"/ \u{7F} \u{2028}\"", "/ \u{7F} \u{2028}"),
        (#""e\u0301""#, "e\u{301}"),
    ])
    func readsEscapesAndCharacters(text: String, value: String) throws {
        let read = try JSON.parse(text).stringValue
        #expect(read.map { Array($0.unicodeScalars) } == Array(value.unicodeScalars))
    }

    @Test(arguments: [
        #""\uD800""#, #""\uDC00""#, #""\uD83Dx""#, #""\uD83D\n""#, #""\uD83D\u0041""#, #""\uD83D\uD83D""#,
        #""\uDE00\uD83D""#, #""\uD83D\"#,
    ])
    func refusesHalfASurrogatePair(text: String) {
        #expect(parseError(text)?.reason == "lone surrogate")
    }

    @Test(arguments: [#""\x41""#, #""\'""#, #""\U0041""#, #""\0""#, "\"\\\n\""])
    func refusesAnUnknownEscape(text: String) {
        #expect(parseError(text)?.reason == "unknown escape")
    }

    @Test(arguments: [#""\u12""#, #""\u12G4""#, #""\u+123""#, #""\u 123""#, #""\uD83D\u12""#])
    func refusesAnEscapeWithoutFourDigits(text: String) {
        #expect(parseError(text)?.reason == "expected a hexadecimal digit")
    }

    @Test(arguments: UInt8(0)..<0x20)
    func refusesARawControlCharacter(byte: UInt8) {
        let quote = UInt8(ascii: "\"")
        #expect(parseError([quote, byte, quote])?.reason == "control character in a string")
        #expect(
            parseError([quote, UInt8(ascii: "\\"), UInt8(ascii: "n"), byte, quote])?.reason
                == "control character in a string")
    }

    @Test(
        arguments: [
            [0xFF], [0x80], [0xC3], [0xC3, 0x28], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC0, 0x80], [0xC1, 0xBF],
            [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xED, 0xB0, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func refusesInvalidOverlongAndSurrogateUTF8(bytes: [UInt8]) {
        let inText = Array("[\"ok\",\"".utf8) + bytes + Array("\"]".utf8)
        #expect(parseError(inText)?.reason == "invalid UTF-8 in a string")
        #expect(parseError(inText)?.offset == 7)
        let behindEscape = Array("\"\\n".utf8) + bytes + Array("\"".utf8)
        #expect(parseError(behindEscape)?.reason == "invalid UTF-8 in a string")
        let inName = Array("{\"".utf8) + bytes + Array("\":1}".utf8)
        #expect(parseError(inName)?.reason == "invalid UTF-8 in a string")
        #expect(parseError(bytes) != nil)
    }

    @Test(arguments: ["\"", "\"a", "\"\\", "\"\\\"", "\"\\u", "\"\\u12", "[\"a", "{\"a", "{\"a\":\"b"])
    func refusesAnUnterminatedString(text: String) {
        #expect(parseError(text)?.reason == "unterminated string")
    }
}
