import JSON
import Testing
import YAML

@Suite struct QuotedScalarTests {
    @Test(arguments: [
        ("''", ""), ("'a'", "a"), ("'it''s'", "it's"), ("''''", "'"), ("'\\n \"x\"'", "\\n \"x\""), ("' a '", " a "),
        ("'a # b: c'", "a # b: c"), ("'[x] {y} &z *'", "[x] {y} &z *"), ("'\t'", "\t"), ("'a\n b'", "a b"),
        ("'a  \n  b'", "a b"), ("'a\n\n b'", "a\nb"), ("'a\n\n\n b'", "a\n\nb"), ("'\n a\n'", " a "),
        ("'a\n\t b'", "a b"), ("'a''\n b'", "a' b"),
    ])
    func readsSingleQuotes(text: String, value: String) throws {
        #expect(try YAML.parse(text) == .string(value))
        #expect(try YAML.parse("k: \(text) # c\nl: 1") == ["k": .string(value), "l": 1])
        #expect(try YAML.parse("[\(text),1]") == [.string(value), 1])
    }

    @Test(arguments: [
        (#""""#, ""), (#""a""#, "a"), (#""it's""#, "it's"), (#""a # b: c""#, "a # b: c"), (#"" a ""#, " a "),
        (#""\0\a\b\t\n\v\f\r\e\ \"\/\\""#, "\0\u{07}\u{08}\t\n\u{0B}\u{0C}\r\u{1B} \"/\\"),
        (#""\N\_\L\P""#, "\u{85}\u{A0}\u{2028}\u{2029}"), ("\"\\\t\"", "\t"),
        (#""\x41\xe9\u65E5\U0001F600""#, "Aé日😀"), (#""\uD83D\uDE00""#, "😀"), (#""\\x41""#, #"\x41"#),
        ("\"a\n b\"", "a b"), ("\"a  \n  b\"", "a b"), ("\"a\n\n b\"", "a\nb"), ("\"\n a\n\"", " a "),
        ("\"a\\\n  b\"", "ab"), ("\"a \\\n  b\"", "a b"), ("\"a\\\n  \\ b\"", "a b"), ("\"a\\\n\n b\"", "a\nb"),
        ("\"a\\t\n b\"", "a\t b"), ("\"a\\ \n b\"", "a  b"), ("\"a\\n\n b\"", "a\n b"), ("\"a\\\\\n b\"", "a\\ b"),
    ])
    func readsDoubleQuotes(text: String, value: String) throws {
        #expect(try YAML.parse(text) == .string(value))
        #expect(try YAML.parse("k: \(text) # c\nl: 1") == ["k": .string(value), "l": 1])
        #expect(try YAML.parse("[\(text),1]") == [.string(value), 1])
    }

    @Test(arguments: [
        (#""a": 1"#, "a"), (#"'a' : 1"#, "a"), (#""a: b": 1"#, "a: b"), (#"'it''s': 1"#, "it's"), (#""\"": 1"#, "\""),
        (#""a # b": 1"#, "a # b"), (#""": 1"#, ""), (#""<<": 1"#, "<<"), (#""?": 1"#, "?"),
    ])
    func readsQuotedKeys(text: String, key: String) throws {
        #expect(try YAML.parse(text) == .object([key: 1]))
        #expect(try YAML.parse("- \(text)") == [.object([key: 1])])
    }

    @Test(arguments: [
        "\"", "'", "a: \"b", "a: 'b", "a: 'b''", #"a: "b\""#, "- \"", "[\"", "{'a", "a: \"b\n---\nc\"", "\"a\\",
    ])
    func refusesAQuoteThatIsNeverClosed(text: String) throws {
        let error = try #require(yamlError("\n# a comment\n\(text)\n\nmore\n"))
        #expect(error == yamlError("\n# a comment\n\(text)\n"))
        #expect(error.reason == "the quotation mark is never closed")
        #expect(error.line == 3)
    }

    @Test(arguments: [#"a: "b" c"#, "a: 'b' c", "a: 'it's'", "a: \"b\"#c", #""a" b: c"#, #""a":b"#, "a: 'b'\n  c"])
    func refusesTextBehindTheClosingQuote(text: String) {
        #expect(yamlError(text) != nil)
    }

    @Test(arguments: [
        #""\q""#, #""\x4""#, #""\xZZ""#, #""\u12""#, #""\u12G4""#, #""\u+123""#, #""\U0011FFFF""#, #""\U110000""#,
        #""\uD800""#, #""\uDC00""#, #""\uD83Dx""#, #""\uD83D\u0041""#, #""\UFFFFFFFF""#, #""C:\path""#,
    ])
    func refusesAnEscapeThatIsNone(text: String) throws {
        let error = try #require(yamlError("a: 1\nb: \(text)\n"))
        #expect(error.reason.contains("escape"))
        #expect(error.line == 2)
    }
}
