import Diagnostics
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct MarkdownTests {
    /// A letter on the screen, and the numbers of its style.
    private struct Letter: Equatable {
        let character: Character
        let style: String
    }

    /// What a text looks like that comes in these pieces.
    private func letters(_ pieces: [String], columns: Int = 80) -> [Letter] {
        var markdown = MarkdownText(columns: columns)
        let written = pieces.map { markdown.append($0) }.joined() + markdown.end()
        var letters: [Letter] = []
        var style = ""
        var rest = Substring(written)
        while let first = rest.first {
            if first == "\u{1B}" {
                let end = rest.firstIndex { "mG".contains($0) } ?? rest.endIndex
                if rest[end] == "m" { style = String(rest[..<end].dropFirst(3)) }
                rest = rest[end...].dropFirst()
            } else {
                letters.append(Letter(character: first, style: style))
                rest = rest.dropFirst()
            }
        }
        return letters
    }

    private func text(_ pieces: String..., columns: Int = 80) -> String {
        String(letters(pieces, columns: columns).map(\.character))
    }

    /// The letters of a style, those without blanks.
    private func part(_ text: String, _ style: String) -> String {
        String(letters([text]).filter { $0.style == style }.map(\.character))
    }

    @Test(arguments: [
        ("plain text", "plain text"), ("**bold** and *it*", "bold and it"), ("__bold__ _it_", "bold it"),
        ("***both***", "both"), ("**a *b* c**", "a b c"), ("~~gone~~ ~not~", "gone ~not~"),
        ("`a*b*c`", "a*b*c"), ("``a`b``", "a`b"), ("`` ` ``", "`"), ("`open", "`open"), ("``a` b", "``a` b"),
        ("**open", "**open"), ("a * b * c", "a * b * c"), ("2*3", "2*3"), ("snake_case_name", "snake_case_name"),
        ("_a_b_", "a_b"), ("**重要**です", "重要です"), ("**「あ」**は", "「あ」は"), (#"\*no\* \\ \a"#, #"*no* \ \a"#),
        ("[text](https://a.b/c_(d)) .", "text (https://a.b/c_(d)) ."), ("[https://a](https://a)", "https://a"),
        ("![plot](plot.png)", "plot (plot.png)"), ("[a] (b) [c", "[a] (b) [c"), ("[**a**](u)", "a (u)"),
        ("[x][1]", "[x][1]"), ("a](b)", "a](b)"), ("[ ](", "[ ]("), ("<https://a.b>", "https://a.b"),
        ("Array<Int> a<b", "Array<Int> a<b"), ("&lt;a&gt; &amp;&nope; &#27;", "<a> &&nope; &#27;"),
        ("!", "!"), ("\\", "\\"),
        ("a & b && c&", "a & b && c&"), ("*a **b** c*", "a b c"), ("**a*", "*a"), ("*a**", "a*"),
    ])
    func drawsWhatIsWithinALine(markdown: String, shown: String) {
        #expect(text(markdown) == shown)
    }

    @Test(arguments: [
        "[0, 1](closed on both ends)", "a[i](x + y)", "[Errno 2](no such file or directory)", "call[name](event, data)",
        "f[0]()", "f[0]( )", "f[0](\"a b\")", "f[0]('a')", "[a](b (c d))", "[a](b \"c\" d)", "[a](b \"c", "[a](<b c",
        "[a](<b>c)", "[a](<>)", "[a](b <c>)", "[a](b(c d))", "[a](b 'c'd)",
    ])
    func whatHasNoAddressInItsParenthesesIsNoLink(markdown: String) {
        #expect(text(markdown) == markdown)
        #expect(letters([markdown]).allSatisfy { $0.style.isEmpty || $0.style == "0" })
    }

    @Test(arguments: [
        ("[x](http://e.com \"the title here\")", "x (http://e.com \"the title here\")"),
        ("[x](u 'a) b' )", "x (u 'a) b')"),
        ("[b](<http://x y>)", "b (http://x y)"), ("[b](<x) y> \"t\") c", "b (x) y \"t\") c"), ("[b]( u )", "b (u)"),
        ("[u](u \"t\")", "u (\"t\")"), ("[](u)", "u"), ("[a](b c) *d* [e](f)", "[a](b c) d e (f)"),
        ("[a](*b* c)", "[a](b c)"),
    ])
    func aLinkShowsItsAddressAndTitle(markdown: String, shown: String) {
        #expect(text(markdown) == shown)
    }

    private static let addresses = [
        "https://github.com/python/cpython/blob/main/Lib/asyncio/__init__.py", "https://x.y/a~~b~~c", "http://x/*y*",
        "http://x/*y*/**z**", "https://x/a_(b_*c*)_d_", "http://x/\\*a\\*", "http://x/?a=1&lt;=2", "http://x/`a`",
        "http://x/_a_[*b*]", "http://x/_a_.", "http://x/*", "http://x/__a__,__b__",
    ]

    @Test(arguments: addresses) func marksWithinAnAddressAreText(address: String) {
        for frame in ["@", "see @ there", "(@)", "**b** @\n", "- @", "\"@\" *", "x <@ y", "[a](b @"] {
            let around = frame.replacing("**b**", with: "b").replacing("- ", with: "• ")
            #expect(text(frame.replacing("@", with: address)) == around.replacing("@", with: address))
        }
    }

    @Test(arguments: [
        ("**https://x.y/_a_b**", "https://x.y/_a_b"), ("*see https://x.y/*. *b*", "see https://x.y/. b"),
        ("~~http://x~~, y", "http://x, y"), ("**http://x**です", "http://xです"), ("_http://x/a_b_: c", "http://x/a_b: c"),
        ("[https://x/_a_](https://x/_a_)", "https://x/_a_"), ("[https://x/*a*](u) *b*", "https://x/*a* (u) b"),
        ("<https://x/_a_> *b*", "https://x/_a_ b"), ("(http://x/*a*) *b*", "(http://x/*a*) b"),
        ("http://x/a <*b*> \"*c*\"", "http://x/a <*b*> \"c\""), ("http:/ *a*/*b*", "http:/ a/b"),
        ("**http://x**\ny", "http://x\ny"),
        ("hhttps://*a*", "hhttps://*a*"), ("http *a*://*b*", "http a://b"),
    ])
    func marksAroundAnAddressAreMarks(markdown: String, shown: String) {
        #expect(text(markdown) == shown)
    }

    @Test(arguments: [
        ("# One\nx", "One\nx"), ("###### Six", "Six"), ("####### Seven", "####### Seven"), ("#hash", "#hash"),
        ("- a\n* b\n+ c", "• a\n• b\n• c"), ("- a\n  - b\n    - c", "• a\n  • b\n    • c"), ("-x\n--y", "-x\n--y"),
        ("1. a\n23) b\n2024 was", "1. a\n23) b\n2024 was"), ("3.14 is", "3.14 is"), ("- [ ] a\n- [x] b", "☐ a\n☑ b"),
        ("- [a](b)", "• a (b)"), ("> a\n> > b\n>c", "│ a\n│ │ b\n│ c"), ("> - a\n> # b", "│ • a\n│ b"),
        ("**a** b\n*c*", "a b\nc"), ("- **a**: b", "• a: b"), ("* *a*", "• a"), ("\n\na\n\nb", "a\n\nb"),
        ("a\n    b*c*", "a\n    bc"), ("a\n\n    b*c*\n    d", "a\n\nb*c*\nd"), ("- a\n\n    b *c*", "• a\n\n    b c"),
        ("**a\nb** c", "a\nb c"), ("**a\n\nb**", "**a\n\nb**"), ("*a\n- b*", "*a\n• b*"), ("`a\nb` c", "a\nb c"),
        ("**a\n# b", "**a\nb"), ("*a\n", "*a\n"), ("**a**\nb", "a\nb"), ("`a`\n`b", "a\n`b"), ("[a\nb](c)", "a\nb (c)"),
        ("- *a\n  b*", "• *a\n  b*"), ("# *a\nb*", "*a\nb*"), ("*a\n| b |\n|-|\n", "*a\nb\n─\n"),
        ("a `\n```\nb*", "a `\nb*"),
        ("_a_ b\n__init__", "a b\ninit"), ("== a\n=", "== a\n="), ("-", "-"), ("- ", "• "),
    ])
    func drawsLinesByTheirBeginnings(markdown: String, shown: String) {
        #expect(text(markdown) == shown)
    }

    @Test(arguments: ["---", "***", "- - -", "___", "a\n==="])
    func drawsRules(markdown: String) {
        #expect(text(markdown, columns: 10).hasSuffix("─────────"))
    }

    @Test func emphasisIsSeen() {
        #expect(part("a **b** *c* ***d*** ~~e~~ `f`", ";1") == "b")
        #expect(part("a **b** *c* ***d*** ~~e~~ `f`", ";3") == "c")
        #expect(part("a **b** *c* ***d*** ~~e~~ `f`", ";1;3") == "d")
        #expect(part("a **b** *c* ***d*** ~~e~~ `f`", ";9") == "e")
        #expect(part("a **b** *c* ***d*** ~~e~~ `f`", ";36") == "f")
        #expect(part("# A b", ";1;4") == "A b")
        #expect(part("## A *b*", ";1") == "A ")
    }

    @Test(arguments: [
        ("```python\na = [1]  # *x*\n\n\tb\n```\nend", "a = [1]  # *x*\n\n\tb\nend"),
        ("~~~\n```\n~~~~", "```\n"), ("````md\n```\nx\n```\n````\n", "```\nx\n```\n"),
        ("- a:\n  ```\n  x\n    y\n  ```\n- b", "• a:\nx\n  y\n• b"), ("```\nopen", "open"),
        ("> ```\n> a > b\n>\n> ```\nx", "a > b\n\nx"), ("``` a`b\nx", "``` a`b\nx"),
        ("```\n``\n ```` x\n```", "``\n ```` x\n"),
        ("1. ```\n   x\n   ```", "1. \nx\n"), ("```\n| a |\n# b\n```\n", "| a |\n# b\n"),
    ])
    func codeStandsAsItIs(markdown: String, shown: String) {
        #expect(text(markdown) == shown)
    }

    @Test func aTableKeepsCellsThatItsHeadDoesNotHave() {
        #expect(text("| a |\n|---|\n| 1 | 2 |\n| 3 |\nend") == "a │ \n──┼──\n1 │ 2\n3 │ \nend")
    }

    @Test func aTableIsAlignedAsItSays() {
        #expect(
            text("| n | m | r |\n|:--|:-:|--:|\n| 日本 | xyz | 1 |\n| a\\|b | y | 22 |\n") == """
                n    │  m  │  r
                ─────┼─────┼───
                日本 │ xyz │  1
                a|b  │  y  │ 22

                """)
    }

    @Test func aWideTableFitsTheTerminal() {
        let words = "several words that do not fit into the width of it"
        let long = String(repeating: "x", count: 50)
        let shown = text("| id | text |\n|---|---|\n| 1 | \(words) |\n| 2 | \(long) |\n", columns: 30)
        let lines = shown.split(separator: "\n")
        #expect(lines.allSatisfy { TerminalColumns.width(of: $0) < 30 }, "\(shown)")
        for word in words.split(separator: " ") { #expect(shown.contains(word)) }
        #expect(shown.filter { $0 == "x" }.count == 51)
    }

    @Test(arguments: [
        "| no table\nx", "| a |\n| b |", "|a|\n\n|---|", "| a | b |\n|---|---|", "a | b\n---|---", "|---|---|",
        "| a\n|-",
    ])
    func nothingOfWhatMayBeATableIsLost(markdown: String) {
        let shown = text(markdown)
        for letter in markdown where letter.isLetter { #expect(shown.contains(letter), "\(shown)") }
    }

    @Test func manyColumnsThatCannotFitStandAsTheyAreWritten() {
        let row = "|" + String(repeating: " abcdefgh |", count: 20)
        let marks = "|" + String(repeating: "---|", count: 20)
        #expect(text("\(row)\n\(marks)\n\(row)\n") == "\(row)\n\(marks)\n\(row)\n")
    }

    static let sample = """

        # Title *one*
        Some **bold *both* text** over *two
        lines* and `co*de` with ``a`b``, a [li*n*k](https://x.y/(z)) and ![p](q.png) <https://u.v>.
        [0, 1](closed *on* b), [t](u "v w") and **https://x.y/__a__/*b*** (http://x/_c_)
        * a **b
        * c** d ~~e~~ \\*f\\* &lt;g&gt; &h
          - [x] done `open

        > quote __x__
        > ```sh
        > ls | wc
        > ```

        | a | 数 |
        |:--|--:|
        | 👩‍💻 *x* | e\u{301} |

        ```python
        x = 1  # `a`
          ``
        ```
        - - -
        | no
        table_with_names *end
        2. two
            code?

            code *a*
        """

    @Test func everyCutOfATextIsDrawnAlike() {
        for block in Self.sample.split(separator: "\n\n").map(String.init) {
            let whole = letters([block])
            let scalars = block.unicodeScalars.map { String($0) }
            for cut in 0...scalars.count {
                let pieces = [scalars[..<cut].joined(), scalars[cut...].joined()]
                #expect(letters(pieces) == whole, "\(block) cut at \(cut)")
            }
        }
    }

    @Test(arguments: [1, 2, 3, 5, 7, 50]) func aTextInManyPiecesIsDrawnAlike(size: Int) {
        let scalars = Self.sample.unicodeScalars.map { String($0) }
        let pieces = stride(from: 0, to: scalars.count, by: size).map { start in
            scalars[start..<min(scalars.count, start + size)].joined()
        }
        #expect(letters(pieces) == letters([Self.sample]))
    }

    @Test func textIsShownWhileItComes() {
        var markdown = MarkdownText(columns: 80)
        let shown = ["Some te", "xt **bo", "ld** and", "\n- ite", "m\n```\ncod"].map { markdown.append($0) }
        #expect(Array(shown[..<2]) == ["Some te", "xt "])
        #expect(shown[2].hasSuffix(" and"))
        #expect(shown[3] == "\n• ite")
        #expect(shown[4].contains("cod"))
    }

    @Test func noOpenMarkHoldsBackMuch() {
        for mark in ["*", "**", "`", "[", "[a](", "[a](<", "[a](b \"", "http://x/*", "<", "_", "~~", "&", "![", "> *"] {
            var markdown = MarkdownText(columns: 80)
            let long = String(repeating: "word ", count: 1000)
            let shown = markdown.append("\(mark)\(long)")
            #expect(shown.utf8.count > 3000, "\(mark)")
        }
    }

    @Test func hostileTextComesToAnEnd() {
        let kinds = [
            "*a ", "`", "[", "![a](", "**_", "> ", "- ", "| ", "~~a", "<a", "&a", "\\", "*", "_a_ ", "` `` ", "#", "0",
            "http://*", "[a](<b ", "[a](b \"c", "http://x* ",
            "[](", "|-",
        ]
        for kind in kinds {
            let text = String(repeating: kind, count: 1500 / kind.utf8.count)
            for text in [text, "|\(text)\n|-|\n|\(text)", "```\n\(text)"] {
                #expect(!letters([text]).isEmpty)
            }
        }
    }

    @Test func nothingThatDrivesATerminalComesOut() async throws {
        let trial = try ScreenTrial { ($0.answersToTerminal, $0.drawsMarkdown) = (true, true) }
        trial.screen.answer("**\u{1B}]0;t\u{7}a**\n| \u{9B}2J |\n|-|\n`\u{1B}[2J`\n```\n\u{1B}[6n\u{202E}\n```\n")
        trial.screen.endLine()
        let written = try await trial.written()
        for part in ["\u{1B}]", "\u{1B}[2J", "\u{1B}[6n", "\u{7}", "\u{9B}", "\u{202E}"] {
            #expect(!written.contains(part), "\(written)")
        }
    }

    @Test func aNoteInTheMiddleLosesNothing() async throws {
        let trial = try ScreenTrial {
            ($0.answersToTerminal, $0.drawsMarkdown, $0.areOne) = (true, true, true)
        }
        trial.screen.answer("half *a")
        trial.screen.note("note")
        trial.screen.answer(" line* end\n| a |")
        trial.screen.endText()
        trial.screen.note("called")
        trial.screen.answer("\n\nnew `x")
        trial.screen.endLine()
        #expect(
            try await trial.written()
                == "half \nnote\n\u{1B}[0;3ma line\u{1B}[0m end\n| a |\ncalled\nnew `x\n")
    }
}
