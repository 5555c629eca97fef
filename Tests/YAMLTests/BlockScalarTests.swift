import JSON
import Testing
import YAML

@Suite struct BlockScalarTests {
    @Test(arguments: [
        ("|\n  a\n  b\n", "a\nb\n"), ("|-\n  a\n  b\n", "a\nb"), ("|+\n  a\n  b\n", "a\nb\n"),
        ("|\n  a\n\n\n", "a\n"), ("|-\n  a\n\n\n", "a"), ("|+\n  a\n\n\n", "a\n\n\n"),
        ("|\n\n  a\n\n  b\n", "\na\n\nb\n"), ("|\n  a\n   b\n", "a\n b\n"), ("|\n  a", "a"), ("|+\n  a", "a"),
        ("|\n  # not a comment\n  a: b\n  - c\n  \"d\n", "# not a comment\na: b\n- c\n\"d\n"),
        ("|\n  a  \n  b\t\n", "a  \nb\t\n"), ("|\n  \ta\n", "\ta\n"), ("|\n  a\n \n  b\n", "a\n\nb\n"),
        ("|\n  a\n   \n  b\n", "a\n \nb\n"), ("| # a comment\n  a\n", "a\n"), ("|  \n  a\n", "a\n"), ("|\n", ""),
        ("|-\n", ""), ("|+\n", ""), ("|\n\n\n", ""), ("|+\n\n\n", "\n\n"), ("|-\n\n\n", ""), ("|+\n  a\n ", "a\n"),
        ("|\n  ---\n", "---\n"), ("|\n  \\n\n", "\\n\n"),
    ])
    func readsLiteralText(text: String, value: String) throws {
        #expect(try YAML.parse("key: \(text)") == ["key": .string(value)])
        #expect(try YAML.parse("- \(text)") == [.string(value)])
    }

    @Test(arguments: [
        (">\n  a\n  b\n", "a b\n"), (">-\n  a\n  b\n", "a b"), (">+\n  a\n\n\n", "a\n\n\n"),
        (">\n  a\n\n  b\n", "a\nb\n"), (">\n  a\n\n\n  b\n", "a\n\nb\n"), (">\n\n  a\n  b\n", "\na b\n"),
        (">\n  a\n   b\n   c\n  d\n", "a\n b\n c\nd\n"), (">\n  a\n\n   b\n\n  c\n", "a\n\n b\n\nc\n"),
        (">\n  a\n  \tb\n  c\n", "a\n\tb\nc\n"), (">\n  a \n  b\n", "a  b\n"), (">\n  - a\n  - b\n", "- a - b\n"),
        (">\n  a\n   \n  b\n", "a\n \nb\n"), (">\n   a\n   b", "a b"), (">2-\n   a\n  b\n", " a\nb"),
        (">-\n\n\n", ""), (">\n  a: b\n  # c\n", "a: b # c\n"),
    ])
    func foldsLines(text: String, value: String) throws {
        #expect(try YAML.parse("key: \(text)") == ["key": .string(value)])
        #expect(try YAML.parse("- \(text)") == [.string(value)])
    }

    @Test(arguments: ["|2-", "|-2", "|2", ">2", "|+2 # c"])
    func takesTheIndentationThatTheHeaderNames(header: String) throws {
        let value = try YAML.parse("a:\n  b: \(header)\n      c\n    d\n")
        #expect(value["a"]?["b"]?.stringValue?.hasPrefix("  c\nd") == true)
        #expect(try YAML.parse("- \(header)\n    c\n  d\n").arrayValue?.first?.stringValue?.hasPrefix("  c\nd") == true)
    }

    @Test func countsTheNamedIndentationFromTheParent() throws {
        #expect(try YAML.parse("- a: |1\n   b\n  c: 1\n") == [["a": "b\n", "c": 1]])
        #expect(try YAML.parse("- - |1\n   a\n") == [["a\n"]])
        #expect(try YAML.parse("a: |9\n          b\n") == ["a": " b\n"])
        #expect(try YAML.parse("|1\n a\n  b\n") == "a\n b\n")
    }

    @Test func endsWhereTheTextIsIndentedLess() throws {
        #expect(try YAML.parse("a: |\n  b\nc: 1\n") == ["a": "b\n", "c": 1])
        #expect(try YAML.parse("a:\n- |\n b\n- c\n") == ["a": ["b\n", "c"]])
        #expect(try YAML.parse("a: |\n  b\n# comment\nc: 1\n") == ["a": "b\n", "c": 1])
        #expect(try YAML.parse("a: |\n  b\n # comment\nc: 1\n") == ["a": "b\n", "c": 1])
        #expect(try YAML.parse("a: |\nb: |\nc: >-\n") == ["a": "", "b": "", "c": ""])
        #expect(try YAML.parse("a: |\n  b\n...\n") == ["a": "b\n"])
        #expect(try YAML.parse("a:\n  b: |+\n    c\n\nd: 1") == ["a": ["b": "c\n\n"], "d": 1])
    }

    @Test func mayBeTheWholeDocument() throws {
        #expect(try YAML.parse("|\na\nb\n") == "a\nb\n")
        #expect(try YAML.parse("--- # comment\n>\n a\n b\n") == "a b\n")
        #expect(try YAML.parse("|\na\n...\n") == "a\n")
        #expect(try YAML.parse("|+\n  \n...\n") == "\n")
    }

    @Test(arguments: [
        ("a: | b\n", 1), ("a: |x\n", 1), ("a: |0\n b\n", 1), ("a: |10\n b\n", 1), ("a: |--\n b\n", 1),
        ("a: |+-\n b\n", 1), ("a: |22\n b\n", 1), ("a: >#c\n b\n", 1), ("a: |\n    b\n  c\n", 3),
        ("a: |\n   \n  b\n", 3), ("a: |\n\tb\n", 2), ("a: |2\n b\n", 2), ("- |\nb\n", 2),
    ])
    func refusesABadHeaderAndBadIndentation(text: String, line: Int) throws {
        #expect(try #require(yamlError(text)).line == line)
    }
}
