import Diagnostics
import Testing

/// Texts that are cut to a number of bytes.
@Suite struct ShortenedTextTests {
    @Test func aShortTextStaysAsItIs() {
        #expect("No disk: make room.".shortened(toBytes: 19) == "No disk: make room.")
    }

    @Test(arguments: ["a", "é", "漢", "👍"])
    func aLongTextKeepsItsBeginningAndItsEndWithinTheLimit(filling: String) {
        let text = "It failed." + String(repeating: filling, count: 2000) + "Make room."
        for limit in 1000...1003 {
            let short = text.shortened(toBytes: limit)
            #expect(short.utf8.count <= limit)
            #expect(short.hasPrefix("It failed.") && short.hasSuffix("Make room."))
            #expect(short.contains(" … "))
            #expect(!short.unicodeScalars.contains("\u{FFFD}"))
        }
    }

    @Test func thereIsAlwaysRoomForTheMark() {
        #expect("abcdefgh".shortened(toBytes: 1) == " … ")
    }

    @Test(arguments: ["a", "é", "漢", "👍", "x"])
    func aBeginningHasWholeCharacters(last: String) {
        let bytes = Array("ab\(last)".utf8)
        #expect(String(beginning: bytes) == "ab\(last)")
        for end in 3..<max(3, bytes.count) {
            #expect(String(beginning: Array(bytes[..<end])) == "ab")
        }
    }

    @Test func bytesThatAreNotTextAreMarked() {
        #expect(String(beginning: [0x61, 0xFF]) == "a\u{FFFD}")
        #expect(String(beginning: [0x80, 0x80]) == "\u{FFFD}\u{FFFD}")
        #expect(String(beginning: []).isEmpty)
    }
}
