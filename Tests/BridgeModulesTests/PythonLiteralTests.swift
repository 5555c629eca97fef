import BridgeModulesTestSupport
import JSON
import Testing

@testable import BridgeModules

@Suite struct PythonLiteralTests {
    /// Texts that break out of a literal, hide something or lose a character if it is written carelessly.
    static let hostile = [
        "", "plain", "\"", "\"\"\"", "'''", "\\", "\\\"", "ends with \\", "\\N{DASH}", "\\u0041", "{x}", "%s", "#",
        "\"\"\"\nimport os; os.system('id')\n\"\"\"", "\u{0}\u{1}\u{1B}[31m\u{7F}\u{85}\u{9B}", "a\nb\r\nc\rd",
        "tab\there", "form\u{C}feed", "line\u{2028}and\u{2029}paragraph", "right\u{202E}to\u{2066}left\u{200F}",
        "zero\u{200B}width\u{FEFF}", "tags\u{E0001}\u{E0041}\u{E007F}", "selector\u{FE01}\u{E0101}",
        "soft\u{AD}hyphen", "filler\u{3164}\u{115F}", "\u{301}combining first", "space\u{A0}\u{3000}\u{2009}",
        "private\u{E000}\u{F0000}", "unassigned\u{378}\u{10FFFF}\u{FFFE}", "emoji 👩‍💻 ⚠️ 🇩🇪", "日本語 Ünïcödé می‌خواهم",
        "    indented\n        more\n    less", "\n\nblank lines around\n\n", "trailing  \n  \n end  ",
        "\u{1C}\u{1F}x\u{1D}",
        "first\n    all\n      others\n\n    indented", "\u{3000}wide\n\u{3000}\u{3000}wider", "coding: latin-1",
    ]

    @Test func pythonReadsExactlyTheTextThatWasWritten() async throws {
        let texts = Self.hostile + [Self.hostile.joined(), Self.hostile.joined(separator: "\n")]
        let input = JSON.array(
            texts.map { text in
                [.string(text), .string(PythonLiteral.string(text)), .string(PythonLiteral.docstringText(text))]
                    + (0...2).map { .string(PythonLiteral.docstring(text, indentation: $0 * 4)) }
            }.map(JSON.array))
        let program = """
            import ast, json, sys
            def docstring(literal, depth):
                code = "".join(" " * 4 * n + f"class C{n}:\\n" for n in range(depth)) + " " * 4 * depth + literal + "\\n"
                tree = ast.parse(code)
                while isinstance(tree.body[0], ast.ClassDef):
                    tree = tree.body[0]
                assert len(tree.body) == 1, tree.body
                return ast.get_docstring(tree)
            faults = []
            for text, literal, wanted, *docstrings in json.load(open(sys.argv[1], encoding="utf-8")):
                if ast.literal_eval(literal) != text or "\\n" in literal:
                    faults.append(literal)
                for depth, written in enumerate(docstrings):
                    if docstring(written, depth) != wanted:
                        faults.append([depth, written, docstring(written, depth), wanted])
            print(json.dumps(faults))
            """
        #expect(try await PythonChecker.run(program, on: input) == [])
    }

    @Test(arguments: hostile) func noLiteralHasAnInvisibleCharacter(text: String) {
        for literal in [PythonLiteral.string(text), PythonLiteral.docstring(text, indentation: 4)] {
            #expect(!literal.unicodeScalars.contains { $0 != "\n" && PythonLiteral.isInvisible($0) })
            #expect(!literal.dropFirst(3).dropLast(3).contains("\"\"\""))
        }
    }

    @Test func visibleTextSpellsOutWhatIsHidden() {
        #expect(PythonLiteral.visible("a\u{200B}b\u{E0041}\u{202E}\u{1B}") == "a\\u200bb\\U000e0041\\u202e\\x1b")
        #expect(PythonLiteral.visible("two\nlines\tand a tab") == "two\nlines\tand a tab")
        #expect(PythonLiteral.visible("👩\u{200D}💻 ⚠\u{FE0F}") == "👩\u{200D}💻 ⚠\u{FE0F}")
        #expect(PythonLiteral.visible("می\u{200C}خواهم") == "می\u{200C}خواهم")
        #expect(PythonLiteral.visible("a\u{200D}b\u{FE0F}") == "a\\u200db\\ufe0f")
    }

    @Test func aLineIsOneLineOfBoundedLength() {
        #expect(PythonLiteral.line(" two \n words\t\u{3000}here ", limit: 40) == "two words here")
        #expect(PythonLiteral.line("abcdef", limit: 6) == "abcdef")
        #expect(PythonLiteral.line("abcdefg", limit: 6) == "abcde…")
        #expect(PythonLiteral.line(String(repeating: "\u{200B}", count: 100), limit: 8).unicodeScalars.count == 8)
    }

    @Test func docstringTextIsWhatCleandocLeaves() {
        #expect(PythonLiteral.docstringText("  a\n    b\n      c\n") == "a\nb\n  c")
        #expect(PythonLiteral.docstringText("\r\n\r\na\rb\tc  \r\n") == "a\nb    c")
        #expect(PythonLiteral.docstringText(" \n\t\n") == "")
    }
}
