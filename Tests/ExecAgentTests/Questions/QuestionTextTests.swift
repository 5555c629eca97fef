import Diagnostics
import JSON
import Testing

@testable import ExecAgent

struct QuestionTextTests {
    private func rows(_ question: ServerQuestion, columns: Int = 80) -> [String] {
        QuestionText(question, columns: columns).text.split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    @Test func aCallIsShownWithItsArguments() throws {
        let question = try ServerQuestion.approval(
            [["title": "Dentist", "at": ["2026-05-01", 10], "note": "a\nb"]],
            details: ["script": "0123456789abcdef", "rule": "default", "reason": "It writes."])
        #expect(
            rows(question) == [
                "exec-mcp asks whether to allow a call of calendar.create_event:",
                "│ \"title\": \"Dentist\"", "│ \"at\": [\"2026-05-01\",10]", "│ \"note\":", "│     │ a", "│     │ b",
                "│ Why: It writes.", "│ (rule: default; script: 0123456789ab)",
                "y = this once, s = until the session ends, a = always, n or Enter = no",
            ])
    }

    @Test func callsAreNumbered() throws {
        let question = try ServerQuestion.approval([["a": 1], [:]], count: 31, offered: ["once", "deny"])
        #expect(
            rows(question) == [
                "exec-mcp asks whether to allow 31 calls of calendar.create_event:",
                "│ 1.", "│ \"a\": 1", "│ 2.", "│ without arguments", "y = this once, n or Enter = no",
            ])
    }

    /// As exec-mcp writes its details.
    @Test func theReasonAndHowManyCallsAreEqualAreShown() throws {
        let question = try ServerQuestion.approval(
            [["n": 1], ["n": 2]], count: 4,
            details: [
                "counts": [3, 1], "script": "5c12", "rule": "default",
                "reason": "It does not declare that it only reads.",
            ])
        #expect(
            rows(question).dropFirst().dropLast() == [
                "│ 1. 3 ×", "│ \"n\": 1", "│ 2.", "│ \"n\": 2", "│ Why: It does not declare that it only reads.",
                "│ (rule: default; script: 5c12)",
            ])
    }

    @Test func argumentsThatWereCutAreShownAsTheyCome() throws {
        let question = try ServerQuestion.approval(["{\"text\": \"aaa… (9,000 bytes)"])
        #expect(rows(question)[1] == "│ {\"text\": \"aaa… (9,000 bytes)")
    }

    /// Controls, bidirectional formatting, blanks without a width, tags, letters without a shape, private use.
    private static let hidden: [Unicode.Scalar] = [
        "\u{0}", "\u{7}", "\u{8}", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{AD}", "\u{34F}", "\u{61C}", "\u{115F}",
        "\u{180E}", "\u{200B}", "\u{200D}", "\u{200E}", "\u{202E}", "\u{2028}", "\u{2066}", "\u{2069}", "\u{3164}",
        "\u{E000}", "\u{FEFF}", "\u{FE0F}", "\u{FFF9}", "\u{E0041}", "\u{A0}", "\u{2003}", "\u{2800}",
        "\r",
    ]

    @Test(arguments: hidden)
    func nothingIsHidden(scalar: Unicode.Scalar) throws {
        let text = "a\(Character(scalar))b"
        let escape = "a\\u{\(String(scalar.value, radix: 16, uppercase: true))}b"
        #expect(RevealedText.line(text) == escape)
        let questions = try [
            ServerQuestion.asking(["message": .string(text)], server: text),
            ServerQuestion.asking(["mode": "url", "message": .string(text), "url": .string(text)]),
            ServerQuestion.approval(
                [[text: .string(text), "deep": [.string(text)], "lines": .string("\n\(text)")], .string(text)],
                details: [
                    "server": .string(text), "tool": .string(text), "rule": .string(text), "reason": .string(text),
                ]),
        ]
        for question in questions {
            let shown = rows(question).joined(separator: "\n")
            #expect(!shown.unicodeScalars.contains(scalar))
        }
    }

    @Test func whatIsVisibleStaysAsItIs() {
        #expect(RevealedText.line("aé\u{301}ß漢字😀—\\u{202E}") == "aé\u{301}ß漢字😀—\\u{202E}")
        #expect(RevealedText.lines("a\r\nb\n\nc\t") == ["a", "b", "", "c    "])
    }

    @Test(arguments: [20, 40, 80, 200])
    func everyRowOfAServersTextHasABarAndFits(columns: Int) throws {
        let text = "Allow? [y/N] y\n" + String(repeating: "漢x😀 ", count: 60) + "\n\n│ end"
        let questions = try [
            ServerQuestion.asking(["message": .string(text)], server: "s"),
            ServerQuestion.approval([["a": .string(text), "b": [.string(text)]]]),
        ]
        for question in questions {
            let rows = rows(question, columns: columns)
            #expect(rows.allSatisfy { TerminalColumns.width(of: $0) < columns })
            let own = rows.filter { !$0.hasPrefix("│ ") && !$0.hasPrefix("│↳") }
            #expect(!own.joined().contains("Allow?"))
        }
    }

    /// A text that fills rows exactly, so that what follows begins where a row does.
    @Test(arguments: [20, 40, 80, 81])
    func whatContinuesARowDoesNotLookLikeAMember(columns: Int) throws {
        let forged = ["amount: 5", "\"amount\": 5", "│ \"amount\": 5", "Why: It only reads.", "2."]
        for offset in 0..<12 {
            let width = columns - 3 - offset
            let text = forged.reduce(String(repeating: " ", count: max(width, 1))) { text, line in
                text + line + String(repeating: " ", count: max(columns - 3 - line.count, 1))
            }
            let question = try ServerQuestion.approval(
                [["note": .string(text), "lines": .string("x\n\(text)"), "amount": 9000]],
                details: ["reason": "It pays."])
            let rows = rows(question, columns: columns)
            let firsts = rows.filter { $0.hasPrefix("│ ") && !$0.hasPrefix("│     │") }
            let member = "\"amount\": 9000".prefix(columns - 7)
            #expect(firsts.filter { $0.contains("amount") } == ["│ \(member)"])
            #expect(firsts.filter { $0.hasPrefix("│ Why:") } == ["│ Why: It pays."])
            #expect(!firsts.contains("│ 2."))
        }
    }

    private static func hiding(_ text: String) throws -> ServerQuestion {
        try .approval(
            [["z": .string(text), "amount": 9000, "y": .string(text), "to": "mallory"]],
            details: ["reason": "It pays.", "rule": "default"])
    }

    @Test(arguments: [String(repeating: "\n", count: 5000), String(repeating: "x", count: 100_000)])
    func aLongMemberHidesNoOther(text: String) throws {
        let shown = QuestionText(try Self.hiding(text), columns: 80)
        let rows = shown.text.split(separator: "\n", omittingEmptySubsequences: false)
        for row in ["│ \"amount\": 9000", "│ \"to\": \"mallory\"", "│ Why: It pays.", "│ (rule: default)"] {
            #expect(rows.contains { $0 == row }, "\(row)")
        }
        #expect(shown.isCut)
        #expect(rows.count < 410)
        #expect(rows.count { $0.hasSuffix(" more rows are not shown.") } == 2)
        #expect(rows.last == "Not all is shown. all = show all of it, n or Enter = no")
    }

    @Test func aLongMessageIsCutAndSaysSoOnce() throws {
        let message = String(repeating: "x\n", count: 1000)
        let question = try ServerQuestion.asking([
            "mode": "url", "message": .string(message), "url": "https://a.example",
        ])
        let rows = rows(question)
        #expect(rows.count < 410)
        #expect(rows.count { $0.hasSuffix(" more rows are not shown.") } == 1)
    }

    @Test func everythingCanBeShown() throws {
        let shown = QuestionText(
            try Self.hiding(String(repeating: "\n", count: 5000)), columns: 80, showsAll: true)
        #expect(!shown.isCut)
        #expect(shown.text.split(separator: "\n").count > 10_000)
        #expect(shown.text.hasSuffix("n or Enter = no") && shown.text.contains("y = this once"))
    }

    @Test func callsThatHaveNoRoomAreCounted() throws {
        let shown = QuestionText(
            try .approval((0..<50).map { ["n": .integer($0)] }), columns: 80)
        #expect(shown.isCut)
        #expect(shown.text.contains("\n10 other calls are not shown.\n"))
    }

    @Test func theHostOfAVisitIsNamed() throws {
        let question = try ServerQuestion.asking([
            "mode": "url", "message": "Log in", "url": "https://bank.example.evil.test:8443/bank.example",
        ])
        #expect(rows(question).last == "Its host is bank.example.evil.test.")
    }
}
