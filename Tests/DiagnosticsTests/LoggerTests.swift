import Diagnostics
import TestSupport
import Testing

@Suite struct LoggerTests {
    @Test(arguments: LogLevel.allCases)
    func passesOnWhatMattersEnough(level: LogLevel) {
        let lines = Recorder<String>()
        let logger = Logger(program: "exec-mcp", level: level) { lines.record($0) }
        logger.debug("a")
        logger.info("b")
        logger.warning("c")
        logger.error("d")
        let all = ["exec-mcp: debug: a\n", "exec-mcp: info: b\n", "exec-mcp: warning: c\n", "exec-mcp: error: d\n"]
        #expect(lines.elements == Array(all[level.rawValue...]))
    }

    @Test func beginsWithTheProgramsName() {
        let lines = Recorder<String>()
        Logger(program: "other", level: .info) { lines.record($0) }.info("a")
        #expect(lines.elements == ["other: info: a\n"])
    }

    @Test func makesNoTextThatNobodyReads() {
        let made = Recorder<String>()
        func text() -> String {
            made.record("made")
            return "text"
        }
        Logger(program: "exec-mcp", level: .error) { _ in }.debug(text())
        #expect(made.elements.isEmpty)
        Logger(program: "exec-mcp", level: .debug) { _ in }.debug(text())
        #expect(made.elements.count == 1)
    }

    @Test(arguments: [("debug", LogLevel.debug), ("info", .info), ("warning", .warning), ("error", .error)])
    func knowsTheLevelsByName(name: String, level: LogLevel) {
        #expect(LogLevel(name: name) == level)
        #expect(level.name == name)
    }

    @Test(arguments: ["", "Debug", "warn", "trace"])
    func knowsNoOtherName(name: String) {
        #expect(LogLevel(name: name) == nil)
    }

    @Test(arguments: [
        ("plain é 日本 🙂", "plain é 日本 🙂"), ("a\nb\tc", "a b c"), ("a\r\nb", "a\u{FFFD} b"),
        ("\u{1B}[31mred\u{7}", "\u{FFFD}[31mred\u{FFFD}"), ("\u{9B}31m", "\u{FFFD}31m"),
        ("\u{0}\u{7F}", "\u{FFFD}\u{FFFD}"),
        ("a\u{2028}b\u{2029}c", "a\u{FFFD}b\u{FFFD}c"), ("\u{202E}reversed", "\u{FFFD}reversed"),
        ("zero\u{200B}width", "zero\u{FFFD}width"),
    ])
    func keepsForeignTextOnOneHarmlessLine(text: String, line: String) {
        #expect(text.singleLine(limit: 100) == line)
    }

    @Test func cutsALongText() {
        #expect("12345".singleLine(limit: 5) == "12345")
        #expect("123456".singleLine(limit: 5) == "12345…")
        let lines = Recorder<String>()
        Logger(program: "exec-mcp", level: .info) { lines.record($0) }.info(String(repeating: "x\n", count: 100_000))
        #expect((lines.elements.first?.count ?? .max) < 2100)
        #expect(lines.elements.first?.count { $0 == "\n" } == 1)
    }
}
