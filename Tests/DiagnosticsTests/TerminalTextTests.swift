import Diagnostics
import Testing

@Suite struct TerminalTextTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("  a\tb  ", "a b"), ("é 日本 🙂", "é 日本 🙂"),
        ("\u{1B}[1;31mred\u{1B}[0m", "red"), ("\u{1B}]0;title\u{07}text", "text"),
        ("\u{1B}]0;title\u{1B}\\text", "text"),
        ("\u{1B}P1$r\u{1B}\\text", "text"), ("\u{9B}31mred", "red"), ("\u{9D}title\u{9C}text", "text"),
        ("\u{1B}(Btext", "text"), ("\u{1B}7text\u{1B}8", "text"), ("text\u{1B}", "text"), ("text\u{1B}[3", "text"),
        ("\u{1B}]never ends", ""), ("a\0b\u{7F}c\u{8}", "abc"), ("a\nb\r\nc", "a b  c"), ("a\u{202E}b\u{200B}c", "abc"),
        ("a\u{2028}b", "a b"), ("\u{1B}[31\u{1B}[32mtext", "text"),
    ])
    func isPlain(bytes: String, line: String) {
        #expect(TerminalText.line(Array(bytes.utf8), atMost: 512) == line)
    }

    @Test func repairsWhatIsNoUTF8() {
        #expect(TerminalText.line([0x61, 0xFF, 0x62], atMost: 512) == "a\u{FFFD}b")
    }

    @Test(arguments: [(0, ""), (1, "a"), (2, "a"), (3, "aé"), (6, "aé"), (7, "aé🙂"), (100, "aé🙂")])
    func isCutAtTheEndOfACharacter(limit: Int, line: String) {
        #expect(TerminalText.line(Array("aé🙂".utf8), atMost: limit) == line)
    }

    @Test func nothingHarmfulIsEverLeft() {
        let pieces = [
            "\u{1B}", "[", "]", "m", "1", ";", "\u{07}", "\u{9B}", "\\", "\r", "\n", "é", "\u{200F}", "P", " ",
        ]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...20)).compactMap { _ in pieces.randomElement() }.joined()
            let line = TerminalText.line(Array(text.utf8), atMost: 16)
            #expect(line.utf8.count <= 16)
            #expect(line.unicodeScalars.allSatisfy { ![.control, .format].contains($0.properties.generalCategory) })
            #expect(!line.hasPrefix(" "))
            #expect(!line.hasSuffix(" "))
        }
    }
}
