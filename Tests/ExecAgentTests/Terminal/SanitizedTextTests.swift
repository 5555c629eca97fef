import Testing

@testable import ExecAgent

@Suite struct SanitizedTextTests {
    @Test(arguments: [
        ("line\rover", "line over"), ("a\u{B}b\u{C}c", "a b c"), ("a\r\nb\n\rc", "a\nb\n c"), ("a\r\r\nb", "a \nb"),
        ("a\r", "a "),
        ("a\r\u{1B}[31mb\u{7}\u{202E}c\td", "a [31mbc\td"),
    ])
    func wordsStayApart(text: String, shown: String) {
        #expect(SanitizedText.of(text) == shown)
    }
}
