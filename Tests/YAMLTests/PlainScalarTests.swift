import JSON
import Testing
import YAML

@Suite struct PlainScalarTests {
    @Test(arguments: [
        "a", "a b  c", "http://example.org/#part?q=1", "a:b", "a#b", "C#", "it's", "say \"hi\"", "-a", "?a", ":a",
        "--", "a, b", "a{b}", "a[0]", "a & b", "a*b", "x!", "50%", "me@example.org", "a|b>c", "back\\slash", "é日本語😀",
        "…", "a\tb", "<b>", "(c)", "$d", "^e", "~f", "=g", ";h", "..i", "---j",
    ])
    func readsTextAsItStands(text: String) throws {
        #expect(try YAML.parse("key: \(text)") == ["key": .string(text)])
        #expect(try YAML.parse("- \(text)") == [.string(text)])
        #expect(try YAML.parse(text) == .string(text))
    }

    @Test(
        arguments: [
            ("a: b # c", ["a": "b"]), ("a: b #", ["a": "b"]), ("a: b\t# c", ["a": "b"]), ("a: b#c", ["a": "b#c"]),
            ("a: #b", ["a": nil]), ("a: b  \t ", ["a": "b"]), ("a:   b", ["a": "b"]), ("a:\tb", ["a": "b"]),
            ("a : b", ["a": "b"]), ("a b\t: c", ["a b": "c"]), ("a:b: c", ["a:b": "c"]), ("a#b: c", ["a#b": "c"]),
            ("é: ü", ["é": "ü"]), ("it's: \"so\"", ["it's": "so"]),
            ("-a: 1\n?b: 2\n:c: 3", ["-a": 1, "?b": 2, ":c": 3]),
        ] as [(String, JSON)])
    func endsAtAColonOrACommentBehindWhiteSpace(text: String, value: JSON) throws {
        #expect(try YAML.parse(text) == value)
    }

    @Test(arguments: [
        ("a: b\n  c", "b c"), ("a: b\n c\n  d\n   e", "b c d e"), ("a: b  \n   c  ", "b c"), ("a: b\n\n  c", "b\nc"),
        ("a: b\n\n \n\t\n  c", "b\n\n\nc"), ("a: b\n  - c", "b - c"), ("a: b\n  \tc", "b c"),
        ("a: b\n  'c'", "b 'c'"), ("a:\n  b\n  c", "b c"), ("a:\n\n  b\n c", "b c"), ("a: b\n  c # d", "b c"),
        ("a: 1\n  2", "1 2"), ("a: b\n  &c *d !e |f >g %h @i", "b &c *d !e |f >g %h @i"),
        ("a: b\n  {c} [d]", "b {c} [d]"),
    ])
    func foldsTheLinesThatAreIndentedMore(text: String, value: String) throws {
        #expect(try YAML.parse(text) == ["a": .string(value)])
    }

    @Test func foldsADocumentThatIsOneScalar() throws {
        #expect(try YAML.parse("a\nb\n\nc\n") == "a b\nc")
        #expect(try YAML.parse("---\n  a\n b\n...\n") == "a b")
    }

    @Test(arguments: [
        ("description: Use when: the user asks", "Use when: the user asks"),
        ("description: a: b: c", "a: b: c"),
        ("description: Use when:", "Use when:"),
        ("description: note:\tthis", "note:\tthis"),
        ("description: Use when: asked # not part of it", "Use when: asked"),
        (
            "description: Use when: asked\n  and only then", "Use when: asked and only then"
        ),
        ("description: 1: 2", "1: 2"),
        ("description: http://a.b: c", "http://a.b: c"),
        ("description: say \"x: y\"", "say \"x: y\""),
    ])
    func takesAColonOnTheLineOfATopLevelKeyAsText(text: String, value: String) throws {
        #expect(try YAML.parse(text) == ["description": .string(value)])
        #expect(
            try YAML.parse("name: n\n\(text)\nlast: 1\n") == ["name": "n", "description": .string(value), "last": 1])
    }

    @Test(arguments: [
        ("a:\n  b: c: d", 2), ("- a: b: c", 1), ("a:\n  - b: c: d", 2), ("a:\n  b: c\n    d: e", 3), ("a\nb: c", 2),
        ("a: b\n c: d", 2), ("a: b: c\n  d: e", 2),
    ])
    func refusesAColonAnywhereElse(text: String, line: Int) throws {
        let error = try #require(yamlError(text))
        #expect(error.reason.hasPrefix("unexpected ':'"))
        #expect(error.line == line)
    }

    @Test(arguments: ["@a", "`a`", "%a", "]a", "}a", ",a", "%", "@"])
    func refusesATextThatBeginsWithAReservedCharacter(text: String) throws {
        #expect(try #require(yamlError("a: \(text)")).reason.hasPrefix("a text cannot start with '\(text.prefix(1))'"))
        #expect(try #require(yamlError("- \(text)")).line == 1)
    }

    @Test func doesNotGoOnBehindAComment() throws {
        #expect(try #require(yamlError("a: b # c\n  d")).line == 2)
        #expect(try #require(yamlError("a: b\n  # c\n  d")).line == 3)
    }
}
