import JSON
import Testing
import YAML

@Suite struct RefusalTests {
    @Test(arguments: [
        ("&a b", "anchors"), ("*a", "aliases"), ("!a b", "tags"), ("!!str b", "tags"), ("! b", "tags"),
        ("? b", "complex keys"), ("?", "complex keys"), ("&a", "anchors"), ("!<x> b", "tags"), ("*a : b", "aliases"),
        ("&a b: c", "anchors"),
    ])
    func namesWhatIsNotSupported(text: String, name: String) throws {
        for (before, line) in [
            ("", 1), ("- ", 1), ("- a\n- ", 2), ("a:\n  ", 2), ("- a:\n    b:\n    - ", 3), ("\n[", 2),
        ] {
            let error = try #require(yamlError(before + text))
            #expect(error.reason.contains(name), "\(before + text): \(error)")
            #expect(error.reason.contains("not supported"), "\(before + text): \(error)")
            #expect(error.line == line)
        }
    }

    @Test(arguments: [
        ("a: &b c", "anchors"), ("a: *b", "aliases"), ("a: !b c", "tags"), ("a: ? b", "complex keys"),
        ("{a: &b c}", "anchors"),
    ])
    func namesItInTheValueOfAKey(text: String, name: String) throws {
        #expect(try #require(yamlError(text)).reason.contains(name))
    }

    @Test(arguments: ["<<: a", "a: 1\n<<: b", "{<<: a}", "[<<: a]", "- <<: a"])
    func refusesMergeKeys(text: String) throws {
        #expect(try #require(yamlError(text)).reason == "merge keys (<<) are not supported")
    }

    @Test(arguments: ["%YAML 1.2\n---\na", "%TAG ! x\n---\na", "# a\n%FOO\n"])
    func refusesDirectives(text: String) throws {
        #expect(try #require(yamlError(text)).reason == "directives (%) are not supported")
    }

    @Test(arguments: [
        ("a\n---\nb", 2), ("---\na\n---\nb", 3), ("a\n...\nb", 3), ("a\n...\n---\nb", 3), ("---\n---\n", 2),
        ("a: |\n  b\n---\n", 3), ("a: 1\n--- # b\n", 2), ("...\n---\n", 2),
    ])
    func refusesASecondDocument(text: String, line: Int) throws {
        #expect(try #require(yamlError(text)).reason == "more than one document is not supported")
        #expect(try #require(yamlError(text)).line == line)
    }

    @Test func refusesTextOnTheLineOfAMarker() throws {
        #expect(try #require(yamlError("--- a")).reason == "unexpected text after '---'")
        #expect(try #require(yamlError("a\n... b")).reason == "unexpected text after '...'")
    }

    @Test(arguments: [
        ("\0", "U+0000"), ("\u{01}", "U+0001"), ("\u{08}", "U+0008"), ("\u{0B}", "U+000B"), ("\u{1B}", "U+001B"),
        ("\u{7F}", "U+007F"), ("\u{80}", "U+0080"), ("\u{9F}", "U+009F"),
    ])
    func refusesControlCharactersAnywhere(character: String, name: String) throws {
        for text in [
            "\(character)", "a: \(character)", "a: 'b\(character)'", "a: |\n  b\(character)", "# \(character)",
            "\(character): a",
        ] {
            #expect(try #require(yamlError("\n" + text)).reason == "control character \(name)")
            #expect(try #require(yamlError("\n" + text)).line == (text.contains("\n") ? 3 : 2))
        }
    }

    @Test func allowsTheCharactersNextToTheControlCharacters() throws {
        for character in ["\u{85}", "\u{A0}", "\u{C0}", "\u{2028}", "\u{FEFF}", "\u{FFFD}", "\u{1F600}"] {
            #expect(try YAML.parse("a: x\(character)y").text == "{\"a\":\"x\(character)y\"}")
        }
    }

    @Test func describesTheFaultWithItsLine() {
        #expect(yamlError("a: 1\nb: *c")?.description.hasPrefix("line 2: aliases (*) are not supported") == true)
    }
}
