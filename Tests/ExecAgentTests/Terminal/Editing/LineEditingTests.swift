import Diagnostics
import TestSupport
import Testing

@testable import ExecAgent

@Suite struct LineEditingTests {
    /// Types, as a terminal sends it.
    private func type(_ typed: String, into editing: inout LineEditing) -> [LineEditing.Outcome] {
        var parser = KeyParser()
        return (parser.parse(typed.utf8) + parser.giveUpWaiting()).map { editing.handle($0) }
    }

    private func line(_ typed: String, _ editing: LineEditing = LineEditing()) -> String {
        var editing = editing
        _ = type(typed, into: &editing)
        return editing.line.beforeCursor + "|" + editing.line.text.dropFirst(editing.line.beforeCursor.count)
    }

    private static let left = "\u{1B}[D"
    private static let up = "\u{1B}[A"
    private static let down = "\u{1B}[B"

    @Test(arguments: [
        ("abc", "abc|"), ("abc\(left)x", "abx|c"), ("abc\u{1}x", "x|abc"), ("abc\u{1}\u{5}x", "abcx|"),
        ("abc\u{1B}[Hx\u{1B}[Fy", "xabcy|"), ("abc\u{1B}[1~x\u{1B}[4~y", "xabcy|"), ("abc\u{1B}OHx\u{1B}OFy", "xabcy|"),
        ("abc\u{2}\u{2}\u{6}x", "abx|c"), ("abc\u{7F}\u{8}", "a|"), ("abc\u{1}\u{1B}[3~\u{4}", "|c"),
        ("one two\u{17}", "one |"), ("one two\u{15}x", "x|"), ("one two\(left)\(left)\u{B}", "one t|"),
        ("one two\u{17}\u{17}\u{19}\u{19}", "one twoone two|"), ("ab cd\u{1}\u{B}\u{19}", "ab cd|"),
        ("one two\u{1B}bx", "one x|two"), ("one two\u{1}\u{1B}fx", "onex| two"), ("one two\u{1}\u{1B}d", "| two"),
        ("one two\u{1B}\u{7F}", "one |"), ("one two\u{1B}[1;5Dx", "one x|two"), ("a b\u{1}\u{1B}[1;5Cx", "ax| b"),
        ("abc\u{14}", "acb|"), ("日本語\(left)\(left)x", "日x|本語"), ("e\u{301}x\(left)\u{7F}", "|x"),
        ("ex\(left)\u{301}\u{7F}", "|x"), ("a👩‍💻b\(left)\u{7F}", "a|b"), ("🇩🇪\u{7F}", "|"),
        ("❤\u{FE0F}x\(left)\u{7F}", "|x"),
        ("👍🏽\(left)a", "a|👍🏽"), ("a\u{1B}\rb", "a\nb|"), ("a\\\rb", "a\nb|"), ("a\u{1B}[99;1Xb\u{1B}[200;2Rc", "abc|"),
        ("a\u{1B}[[Ab", "ab|"), ("a\u{1B}\(left)b", "b|a"), ("a\u{0}\u{1D}b\u{1B}zc", "abc|"),
        ("\u{3}", "|"), ("abc\u{3}", "|"),
        ("\u{1B}[200~ab\rcdef\u{1B}[201~\(up)x", "abx|\ncdef"),
        ("\u{1B}[200~ab\rcd\u{1B}[201~\u{1}x\(up)\(down)y", "ab\nxy|cd"),
        ("\u{1B}[200~ab\rcd\u{1B}[201~\u{15}\u{15}", "ab|"),
    ])
    func editsAsShellsDo(typed: String, shown: String) {
        #expect(line(typed) == shown)
    }

    @Test func linesAreSubmittedOneByOne() {
        var editing = LineEditing()
        let outcomes = type("one\rtwo\n", into: &editing).filter { $0 != .edited }
        #expect(outcomes == [.submitted("one"), .submitted("two")])
        #expect(type("\u{4}", into: &editing) == [.ended])
        #expect(type("\u{3}", into: &editing) == [.interrupted])
        #expect(type("a\u{3}", into: &editing) == [.edited, .edited])
        #expect(type("\t\u{1A}\u{C}\u{1C}", into: &editing) == [.complete, .suspend, .clearScreen, .quit])
    }

    @Test func aPasteOfManyLinesIsOneText() {
        var editing = LineEditing()
        let outcomes = type("a\u{1B}[200~1\r\n2\r3\n\u{1B}[0mé\u{3}\u{4}\t\u{1B}[201~b\r", into: &editing)
        #expect(outcomes.last == .submitted("a1\n2\n3\n[0mé\tb"))
        #expect(outcomes.dropLast().allSatisfy { $0 == .edited })
    }

    @Test(arguments: 1..<12) func keysMayComeInPieces(size: Int) {
        let typed = Array("é日👩‍💻\u{1B}[D\u{1B}[200~x\ry\u{1B}[201~\u{1B}bz\u{1B}[1;5D".utf8)
        var (whole, cut) = (KeyParser(), KeyParser())
        var pieces: [Key] = []
        for start in stride(from: 0, to: typed.count, by: size) {
            pieces += cut.parse(typed[start..<min(typed.count, start + size)])
        }
        var (one, other) = (LineEditing(), LineEditing())
        for key in whole.parse(typed) { _ = one.handle(key) }
        for key in pieces { _ = other.handle(key) }
        #expect(one.line == other.line)
        #expect(one.line.text == "é日x\nzy👩‍💻")
    }

    /// Keys, halves of keys, and letters of all kinds.
    private static let fragments: [[UInt8]] = {
        let letters = ["é", "e\u{301}", "日", "👩‍💻", "\u{200D}", "\u{FE0F}", "🇩", "word ", "\n"]
        let keys = ["", "A", "B", "C", "D", "H", "F", "3~", "200~", "201~", "1;5C", "1;5D", "99"].map { "\u{1B}[\($0)" }
        return (0...255).map { [$0] } + (letters + keys).map { Array($0.utf8) }
    }()

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func anyKeysAreSurvived(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var (parser, editing) = (KeyParser(), experienced)
        for _ in 0..<300 {
            for key in parser.parse(random.pick(Self.fragments)) {
                _ = editing.handle(key)
                let line = editing.line
                let rows = EditedRows(prompt: "> ", line: line, columns: 12, height: 5)
                #expect((0...line.characters.count).contains(line.cursor))
                #expect(rows.rows.indices.contains(rows.cursorRow))
                #expect(rows.rows.count <= 4)
                #expect(rows.rows.allSatisfy { TerminalColumns.width(of: $0) < 12 }, "\(rows)")
                #expect(rows.rows[rows.cursorRow].unicodeScalars.starts(with: rows.beforeCursor.unicodeScalars))
            }
        }
    }

    @Test func whatIsNoTextIsRepaired() {
        var parser = KeyParser()
        let pieces: [[UInt8]] = [
            [0xFF, 0x61], [0xE6, 0x97], [0x62], [0xC2, 0x9B, 0x41], [0x1B, 0x5B] + Array(repeating: 0x31, count: 99),
            [0x03], [0x1B],
        ]
        let keys = pieces.map { parser.parse($0) }
        #expect(Array(keys[..<4]) == [[.text("\u{FFFD}a")], [], [.text("b")], [.text("A")]])
        #expect(keys[5] == [.control("C")])
        let isWaiting = parser.keyTimeout != nil
        #expect(isWaiting)
        #expect(keys[6].isEmpty)
        let last = parser.giveUpWaiting()
        #expect(last == [.escape])
    }

    @Test(.timeLimit(.minutes(3))) func aLargePasteIsPutIntoTheLineInLinearTime() {
        let pasted = String(repeating: "some words\n", count: 20_000)
        var line = EditBuffer("ab")
        line.move(to: 1)
        line.insert(pasted)
        #expect(line.cursor == 1 + pasted.utf8.count)
        #expect(EditedRows(prompt: "> ", line: line, columns: 80, height: 24).rows.count == 23)
    }

    @Test func aHugePasteIsCutAndEnds() {
        var parser = KeyParser(pasteLimit: 1000)
        let fitting = parser.parse(Array("\u{1B}[200~\(String(repeating: "b", count: 1000))\u{1B}[201~".utf8))
        #expect(fitting == [.paste(String(repeating: "b", count: 1000))])
        let text = [UInt8](repeating: 0x61, count: 3000)
        let keys = parser.parse(Array("\u{1B}[200~".utf8) + text + Array("\u{1B}[201~z".utf8))
        #expect(keys == [.paste(String(repeating: "a", count: 1000)), .pasteCut, .text("z")])
    }

    @Test(arguments: [
        ("x", ["x"], 1), ("", [""], 0), ("a\rb\u{3}", ["a\nb"], 3), ("a\u{1B}[201", ["a[201"], 6),
        ("abcdefghij", ["abcdefgh"], 10),
    ])
    func aPasteThatDoesNotEndIsGivenUp(pasted: String, texts: [String], size: Int) {
        var parser = KeyParser(pasteLimit: 8)
        let first = parser.parse("\u{1B}[200~\(pasted)".utf8)
        let (timeout, escapeTimeout) = (parser.keyTimeout, Self.keyTimeout(of: "\u{1B}"))
        #expect(first.isEmpty)
        #expect(timeout ?? 0 > escapeTimeout ?? 0)
        let given = parser.giveUpWaiting()
        #expect(given == texts.map { .paste($0) } + (size > 8 ? [.pasteCut] : []))
        let after = parser.parse("\u{3}a\r".utf8)
        #expect(after == [.control("C"), .text("a"), .enter])
        let rest = parser.keyTimeout
        #expect(rest == nil)
    }

    private static func keyTimeout(of typed: String) -> Int32? {
        var parser = KeyParser()
        _ = parser.parse(typed.utf8)
        return parser.keyTimeout
    }

    @Test(arguments: [
        ("\u{1B}OM", [Key.enter]), ("\u{1B}[M", []), ("\u{1B}[0M", []), ("\u{1B}[1;2M", []),
        ("\u{1B}[Ma", [.text("a")]),
    ])
    func onlyTheKeypadSendsEnterAsASequence(typed: String, keys: [Key]) {
        var parser = KeyParser()
        let taken = parser.parse(typed.utf8)
        #expect(taken == keys)
    }

    // MARK: History

    private var experienced: LineEditing {
        LineEditing(history: InputHistory(["first", "second line", "third"]))
    }

    @Test(arguments: [
        (up, "third|"), ("\(up)\(up)", "second line|"), ("\(up)\(up)\(up)\(up)\(up)", "first|"),
        ("new\(up)\(down)", "new|"), ("\(up)x\(up)\(down)", "thirdx|"), (down, "|"), ("\u{10}\u{10}\u{E}", "third|"),
        ("\u{1B}<", "first|"), ("a\u{1B}<\u{1B}>", "a|"),
        ("\u{12}ir", "third|"), ("\u{12}ir\u{12}", "first|"), ("\u{12}ir\u{12}\u{13}", "third|"),
        ("\u{12}irz", "third|"), ("\u{12}irz\u{7F}s", "first|"), ("x\u{12}ir\u{7}", "x|"), ("x\u{12}ir\u{3}", "x|"),
        ("\u{12}sec\u{1}y", "y|second line"), ("\u{12}sec\(up)", "first|"), ("\u{12}sec\u{1B}", "second line|"),
        ("x\u{12}\u{1}", "|x"), ("x\u{12}\u{7F}", "x|"), ("\u{12}\u{12}", "|"),
    ])
    func whatWasTypedBeforeComesBack(typed: String, shown: String) {
        #expect(line(typed, experienced) == shown)
    }

    @Test func aFoundLineIsSubmitted() {
        var editing = experienced
        #expect(type("\u{12}sec\r", into: &editing).last == .submitted("second line"))
        #expect(editing.search == nil)
    }

    @Test func secretsAndRepetitionsAreNotRemembered() {
        var editing = LineEditing()
        let kept = ["a", "a", " secret", "\tsecret", "", "  \n", "\nx", "b"].filter { editing.remember($0) }
        #expect(kept == ["a", "b"])
        #expect(line("\(Self.up)\(Self.up)", editing) == "a|")
    }

    @Test func aHistoryIsBounded() {
        var history = InputHistory((0..<3000).map { "entry \($0)" })
        let oldest = history.toOldest(leaving: "")
        #expect(oldest == "entry 2000")
        for entry in [String(repeating: "x", count: 2 << 20), "small"] { history.add(entry) }
        let left = [history.step(-1, leaving: ""), history.step(-1, leaving: "")]
        #expect(left == ["small", nil])
    }

    // MARK: Completion

    @Test(arguments: [
        ("/n", "/new", ["/new"]), ("/", nil, ["/new", "/artifacts ", "/save"]), ("/s", "/save", ["/save"]),
    ])
    func completesCommands(text: String, insertion: String?, candidates: [String]) {
        let completion = Completion(command: text, of: ["/new", "/artifacts ", "/save"])
        #expect(completion?.insertion == insertion)
        #expect(completion?.candidates == candidates)
    }

    @Test func aPathIsNoCommand() {
        #expect(Completion(command: "/usr", of: ["/new"]) == nil)
        #expect(Completion(command: "x", of: ["/new"]) == nil)
        #expect(Completion(command: "/new x", of: ["/new"]) == nil)
    }

    @Test(arguments: [
        ("see pl", "plot-", 2), ("see plot-a", "plot-a.png", 1), ("see \"d", "data 数.csv", 1), ("see x", nil, 0),
        ("see ", nil, 3), ("`plot-b", "plot-b.png", 1),
    ])
    func completesNames(text: String, insertion: String?, count: Int) {
        let completion = Completion(
            lastWordOf: text, to: ["plot-b.png", "plot-a.png", "data 数.csv", "bad\u{1B}[31m", "bad\nline"])
        #expect(completion.insertion == insertion)
        #expect(completion.candidates.count == count)
    }
}
