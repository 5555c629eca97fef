import Diagnostics
import Testing

@testable import ExecAgent

@Suite struct EditedRowsTests {
    private func rows(_ text: String, cursor: Int? = nil, columns: Int = 11, height: Int = 24) -> EditedRows {
        var line = EditBuffer(text)
        if let cursor { line.move(to: cursor) }
        return EditedRows(prompt: "> ", line: line, columns: columns, height: height)
    }

    @Test(arguments: [
        ("", ["> "]), ("12345678", ["> 12345678"]), ("123456789", ["> 12345678", "9"]), ("a\nb", ["> a", "… b"]),
        ("1234567日", ["> 1234567", "日"]), ("123456日", ["> 123456日"]), ("a\tb", ["> a    b"]),
        ("1234567e\u{301}", ["> 1234567e\u{301}"]), ("\u{301}", ["> \u{25CC}\u{301}"]), ("a\n\n", ["> a", "… ", "… "]),
        ("12345👩‍💻", ["> 12345", "👩‍💻"]),
    ])
    func aLineTakesTheRowsThatItNeeds(text: String, shown: [String]) {
        let drawn = rows(text)
        #expect(drawn.rows == shown)
        #expect(drawn.cursorRow == shown.count - 1)
        #expect(drawn.beforeCursor == shown.last)
    }

    @Test(arguments: [
        ("(search) 'abc': ", "xy", ["(search) '", "xy"]), ("123456789 ", "xy", ["123456789 ", "xy"]),
        ("123456789日", "", ["123456789"]), ("12345678901234567890123", "x\ny", ["1234567890", "x", "… y"]),
    ])
    func aPromptStaysOnOneRow(prompt: String, text: String, shown: [String]) {
        let drawn = EditedRows(prompt: prompt, line: EditBuffer(text), columns: 11, height: 24)
        #expect(drawn.rows == shown)
    }

    @Test(arguments: [(0, 0, "> "), (3, 0, "> 123"), (8, 1, ""), (9, 1, "9"), (10, 2, "… ")])
    func theCursorIsWhereItIsTyped(cursor: Int, row: Int, before: String) {
        let drawn = rows("123456789\nb", cursor: cursor)
        #expect(drawn.cursorRow == row)
        #expect(drawn.beforeCursor == before)
    }

    @Test(arguments: [0, 5, 17, 30, 58, 59]) func aTallTextShowsWhatIsAroundTheCursor(line: Int) {
        let text = (0..<30).map { "\($0)" }.joined(separator: "\n")
        let drawn = rows(text, cursor: min(line, text.count), height: 6)
        #expect(drawn.rows.count == 5)
        #expect(drawn.rows[drawn.cursorRow].hasPrefix(drawn.beforeCursor))
        let all = rows(text, height: 1000)
        #expect(all.finished(height: 6).rows.count == 5)
        #expect(all.finished(height: 6).beforeCursor == "… (26 more lines)")
        #expect(all.finished(height: 40).rows == all.rows)
    }

    @Test(arguments: [
        ("a", 1), ("é", 1), ("e\u{301}", 1), ("日", 2), ("한", 2), ("\u{1112}\u{1161}\u{11AB}", 2), ("ｱ", 1), ("Ａ", 2),
        ("😀", 2), ("❤", 1), ("❤\u{FE0F}", 2), ("👩‍💻", 4), ("👍🏽", 4), ("🇩🇪", 2), ("\u{200B}", 0), ("\u{7}", 0), ("─", 1),
        ("अ", 1), ("क्", 1),
    ])
    func charactersAreAsWideAsTerminalsDrawThem(character: Character, width: Int) {
        #expect(TerminalColumns.width(of: character) == width)
    }
}
