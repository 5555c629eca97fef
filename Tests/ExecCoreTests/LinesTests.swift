import Testing

@testable import ExecCore

@Suite struct LinesTests {
    @Test(arguments: [
        ("", [""]), ("a", ["a"]), ("a\nb", ["a", "b"]), ("a\r\nb", ["a", "b"]), ("a\rb", ["a", "b"]),
        ("a\n\nb\n", ["a", "", "b", ""]), ("a\r\n\r\nb\r\n", ["a", "", "b", ""]), ("\r\r\n\n", ["", "", "", ""]),
        ("a\n\u{301}b", ["a", "\u{301}b"]), ("a\u{2028}b", ["a\u{2028}b"]), ("ä\r\n€", ["ä", "€"]),
    ])
    func splitsAtAnyLineEnd(text: String, lines: [String]) {
        #expect(text.lines == lines)
    }
}
