import Diagnostics
import TestSupport
import Testing

@testable import ExecAgent

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A screen whose two streams are one pipe, so that their order can be seen.
struct ScreenTrial {
    let pipe: TestPipe
    let screen: TerminalOutput

    init(_ change: (inout TerminalOutput.Abilities) -> Void = { _ in }) throws {
        pipe = try TestPipe()
        var abilities = TerminalOutput.Abilities()
        change(&abilities)
        screen = try TerminalOutput(abilities: abilities, answers: pipe.writeEnd, notes: pipe.writeEnd)
    }

    /// All that was written.
    func written() async throws -> String {
        screen.note("THE END")
        await screen.flush()
        var text = ""
        while !text.hasSuffix("THE END\n") {
            let pipe = pipe
            text += String(decoding: try await onThread { readSome(from: pipe.readEnd) }, as: UTF8.self)
        }
        return String(text.dropLast("THE END\n".count))
    }
}

@Suite(.timeLimit(.minutes(3))) struct TerminalOutputTests {
    private static let erased = "\r\u{1B}[K"

    @Test func writesInTheOrderOfTheCalls() async throws {
        let trial = try ScreenTrial()
        trial.screen.answer("a\n")
        trial.screen.note("b", .bad)
        trial.screen.answer("c")
        trial.screen.endLine()
        trial.screen.endLine()
        #expect(try await trial.written() == "a\nb\nc\n")
    }

    @Test func keepsTheAnswerAsItIsWhereItIsNotForATerminal() async throws {
        let trial = try ScreenTrial()
        trial.screen.answer("\u{1B}[31mred\r\n\u{202E}")
        trial.screen.note("note")
        #expect(try await trial.written() == "\u{1B}[31mred\r\n\u{202E}note\n")
    }

    @Test func letsNothingThroughThatDrivesATerminal() async throws {
        let trial = try ScreenTrial { $0.answersToTerminal = true }
        trial.screen.answer("\u{1B}]0;title\u{7}a\tb\r\n\u{9B}31m\u{202E}é👩‍💻")
        #expect(try await trial.written() == "]0;titlea\tb\n31mé👩‍💻")
    }

    @Test func aNoteBeginsALineOfItsOwn() async throws {
        let trial = try ScreenTrial { ($0.answersToTerminal, $0.areOne) = (true, true) }
        trial.screen.answer("half")
        trial.screen.note("note")
        trial.screen.endLine()
        trial.screen.answer("rest")
        trial.screen.prompt("> ")
        #expect(try await trial.written() == "half\nnote\nrest\n> ")
    }

    @Test func oneBlankLinePartsANoteFromTheAnswer() async throws {
        let trial = try ScreenTrial { ($0.answersToTerminal, $0.areOne) = (true, true) }
        trial.screen.note("note")
        trial.screen.answer("\n\n")
        trial.screen.answer("\n\nrest")
        #expect(try await trial.written() == "note\n\n\n\nrest\n")
        let apart = try ScreenTrial { $0.answersToTerminal = true }
        apart.screen.note("note")
        apart.screen.answer("\n\nrest\n")
        #expect(try await apart.written() == "note\n\n\nrest\n")
    }

    @Test func aLineOfInputStaysBelowWhatIsWritten() async throws {
        let trial = try ScreenTrial { ($0.canRedraw, $0.areOne) = (true, true) }
        var line = EditBuffer("ab\ncd")
        line.move(to: 1)
        let rows = EditedRows(prompt: "> ", line: line, columns: 80, height: 24)
        trial.screen.answer("half")
        trial.screen.showLineOfInput(rows)
        trial.screen.showLineOfInput(rows)
        trial.screen.note("note")
        trial.screen.endLineOfInput()
        trial.screen.endLineOfInput()
        let drawn = "> ab\u{1B}[K\r\n… cd\u{1B}[K\u{1B}[J\r"
        #expect(
            try await trial.written() == "half\n\(drawn)\u{1B}[1A> a" + "\r\u{1B}[Jnote\n\(drawn)\u{1B}[1A> a"
                + "\r\(drawn)… cd\n")
    }

    @Test(arguments: [(true, 80, 1), (true, 20, 3), (true, 10, 6), (false, 10, 1)])
    func aLineOfInputIsRedrawnWhereItBeginsInANarrowerTerminal(breaks: Bool, columns: Int, up: Int) async throws {
        let trial = try ScreenTrial { ($0.canRedraw, $0.areOne, $0.breaksRows) = (true, true, breaks) }
        let line = EditBuffer(String(repeating: "x", count: 30) + "\n" + String(repeating: "y", count: 25))
        let before = EditedRows(prompt: "> ", line: line, columns: 81, height: 24)
        let after = EditedRows(prompt: "> ", line: line, columns: columns, height: 24)
        trial.screen.showLineOfInput(before)
        trial.screen.showLineOfInput(after)
        trial.screen.endLineOfInput()
        let written = try await trial.written()
        #expect(written.hasPrefix(before.drawing + "\r\u{1B}[\(up)A" + after.drawing), "\(written.debugDescription)")
    }

    @Test func saysThatTheAnswerCannotBeWritten() async throws {
        let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
        defer { close(full) }
        let broken = Recorder<Int32>()
        let screen = try TerminalOutput(abilities: TerminalOutput.Abilities(), answers: full, notes: 2) {
            broken.record($0)
        }
        screen.answer("a")
        screen.answer("b")
        await screen.flush()
        // A system without such a file has none to be opened either.
        #expect(broken.elements == [full < 0 ? EBADF : ENOSPC])
    }

    @Test func aStatusIsGoneBeforeAnythingElseIsWritten() async throws {
        let trial = try ScreenTrial { $0.canRedraw = true }
        trial.screen.status("one")
        trial.screen.status("two")
        trial.screen.note("note")
        trial.screen.status(nil)
        trial.screen.status("three")
        trial.screen.status(nil)
        #expect(
            try await trial.written() == "\(Self.erased)one\(Self.erased)two\(Self.erased)note\n"
                + "\(Self.erased)three\(Self.erased)")
    }

    @Test func aStatusDoesNotDisturbAnAnswersLine() async throws {
        let trial = try ScreenTrial {
            ($0.answersToTerminal, $0.areOne, $0.canRedraw) = (true, true, true)
        }
        trial.screen.answer("half")
        trial.screen.status("status")
        trial.screen.answer(" a line\n")
        #expect(try await trial.written() == "half a line\n")
    }

    @Test func thereIsNoStatusWhereNothingCanBeRedrawn() async throws {
        let trial = try ScreenTrial()
        trial.screen.status("status")
        #expect(try await trial.written() == "")
    }

    @Test func colorsOnlyWhereThereAreAny() async throws {
        let plain = try ScreenTrial()
        plain.screen.note("a", .bad)
        #expect(try await plain.written() == "a\n")
        let colored = try ScreenTrial { $0.hasColors = true }
        colored.screen.note("a", .bad)
        colored.screen.note("b")
        #expect(try await colored.written() == "\u{1B}[31ma\u{1B}[0m\nb\n")
    }

    @Test func aPipeIsNoTerminal() throws {
        let pipes = [try TestPipe(), try TestPipe()]
        let environment = ["TERM": "xterm-256color"]
        let apart = TerminalOutput.Abilities(
            answers: pipes[0].writeEnd, notes: pipes[1].writeEnd, environment: environment)
        #expect(apart == TerminalOutput.Abilities())
        var one = TerminalOutput.Abilities()
        one.areOne = true
        let together = TerminalOutput.Abilities(
            answers: pipes[0].writeEnd, notes: pipes[0].writeEnd, environment: environment)
        #expect(together == one)
    }

    @Test func saysThatNobodyReadsTheAnswer() async throws {
        let pipe = try TestPipe()
        let broken = Recorder<String>()
        let screen = try TerminalOutput(abilities: TerminalOutput.Abilities(), answers: pipe.writeEnd, notes: 2) {
            broken.record("broken \($0 == EPIPE)")
        }
        _ = try await onThread { close(of: pipe) }
        screen.answer("a")
        screen.answer("b")
        await screen.flush()
        #expect(broken.elements == ["broken true"])
    }

    @Test(arguments: [("abc", 5, "abc"), ("abcdef", 5, "abcde"), ("日本語", 5, "日本"), ("", 5, ""), ("abc", 0, "")])
    func aLineIsCutToTheTerminalsWidth(line: String, width: Int, shown: String) {
        #expect(TerminalColumns.cut(line, to: width) == shown)
    }
}

private func close(of pipe: TestPipe) {
    close(pipe.readEnd)
}
