import Testing

@testable import ExecMCP

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("a\u{202E}b", "a‹U+202E›b"), ("\u{E0041}", "‹U+E0041›"), ("\u{1B}[2J", "‹U+001B›[2J"), ("a\rb", "a‹U+000D›b"),
        ("\u{9B}31m", "‹U+009B›31m"), ("x\u{200B}", "x‹U+200B›"), ("\u{E000}", "‹U+E000›"), ("\u{2028}", "‹U+2028›"),
        ("\u{3164}", "‹U+3164›"), ("a\u{FE0F}", "a‹U+FE0F›"), ("\u{E0101}", "‹U+E0101›"), ("\u{0}", "‹U+0000›"),
        ("\u{2003}", "‹U+2003›"), ("👩\u{200D}🔬", "👩‹U+200D›🔬"),
        ("\u{2800}", "‹U+2800›"), ("\u{115F}", "‹U+115F›"), ("\u{180B}", "‹U+180B›"), ("\u{378}", "‹U+0378›"),
        ("\u{37E}", "‹U+037E›"), ("\u{1FEF}", "‹U+1FEF›"), ("\u{212A}", "‹U+212A›"),
    ])
    func writesOutWhatReadersDoNotSee(text: String, shown: String) {
        #expect(VisibleText.visible(text) == shown)
        #expect(VisibleText.hidden(in: "\n" + text, limit: 9).map(\.line) == [2])
    }

    @Test(arguments: ["Grüße\tan alle\n", "日本語", "العربية", "हिन्दी", "❤️😀", "e\u{301}", "‹U+202E›", ""])
    func leavesOrdinaryTextAsItIs(text: String) {
        #expect(VisibleText.visible(text).unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(VisibleText.hidden(in: text, limit: 9) == [])
    }

    @Test func lineEndsOfOtherSystemsAndAMarkAtTheStartAreNothingToLookAt() {
        #expect(VisibleText.hidden(in: "\u{FEFF}a\r\nb\r\n", limit: 9) == [])
        #expect(
            VisibleText.hidden(in: "a\r\n\u{FEFF}b\r", limit: 9).map(\.text) == ["line 2: U+FEFF", "line 2: U+000D"])
    }

    @Test(arguments: [
        ("| " + String(repeating: "x", count: 18), 1), ("| " + String(repeating: "x", count: 19), 2),
        ("| 漢漢漢漢漢漢漢漢漢", 1),
        ("| 漢漢漢漢漢漢漢漢漢漢", 2), ("|\t\tabcd", 1), ("|\t\tabcde", 2), ("| 0123456789‹U+202E›x", 2),
        ("| " + String(repeating: "e\u{301}", count: 18), 1), ("| ‹\(String(repeating: "‹", count: 30))", 4),
        ("Tests    1 passed   Servers  its code names none", 3), ("", 1), ("a\r\nb", 2),
    ])
    func aLineThatNeedsMoreRowsGoesOnWithAMark(text: String, count: Int) {
        let shown = VisibleText.rows(text, columns: 20)
        let rows = shown.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        #expect(rows.count == count)
        #expect(shown.replacing("\n↳ ", with: "").unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(!shown.contains("‹\n") || text.contains("‹‹"))
    }

    @Test func aLineIsOneLineAndShort() {
        #expect(VisibleText.line("a\nb\r\nc", limit: 100).contains("\n") == false)
        #expect(VisibleText.line(String(repeating: "x", count: 1000), limit: 10) == "xxxxxxxxxx…")
    }
}
