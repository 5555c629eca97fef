import JSON
import Testing
import YAML

@Suite struct StructureTests {
    @Test(
        arguments: [
            ("a: 1\nb: 2\n", ["a": 1, "b": 2]),
            ("a:\nb:\n", ["a": nil, "b": nil]),
            ("a:\n  b:\n    c: 1\n  d: 2\ne: 3\n", ["a": ["b": ["c": 1], "d": 2], "e": 3]),
            ("  a: 1\n  b: 2\n", ["a": 1, "b": 2]),
            ("a:\n      b: 1\n      c: 2\nd:\n e: 3\n", ["a": ["b": 1, "c": 2], "d": ["e": 3]]),
            ("a: # comment\n  b: 1\n", ["a": ["b": 1]]),
            ("a:\n\n  # comment\n\n  b: 1\n", ["a": ["b": 1]]),
        ] as [(String, JSON)])
    func readsMaps(text: String, value: JSON) throws {
        #expect(try YAML.parse(text) == value)
    }

    @Test(
        arguments: [
            ("- a\n- b\n", ["a", "b"]), ("-\n- a\n-\n", [nil, "a", nil]), ("-  a\n-\tb\n", ["a", "b"]),
            ("- - a\n  - b\n- - c\n", [["a", "b"], ["c"]]), ("- - - a\n", [[["a"]]]),
            ("-\n  - a\n  - b\n-\n - c", [["a", "b"], ["c"]]), ("  - a\n  - b", ["a", "b"]),
            ("- # comment\n  a", ["a"]), ("- #a", [nil]), ("- \"a\"\n- 'b'", ["a", "b"]),
        ] as [(String, JSON)])
    func readsLists(text: String, value: JSON) throws {
        #expect(try YAML.parse(text) == value)
    }

    @Test(
        arguments: [
            ("- a: 1\n  b: 2\n- c: 3\n", [["a": 1, "b": 2], ["c": 3]]),
            ("-  a: 1\n   b: 2\n", [["a": 1, "b": 2]]),
            ("- a:\n    b: 1\n  c: 2\n", [["a": ["b": 1], "c": 2]]),
            ("- a:\n  - 1\n  - 2\n  b: 3\n", [["a": [1, 2], "b": 3]]),
            ("- - a: 1\n    b: 2\n  - c\n", [[["a": 1, "b": 2], "c"]]),
            ("-\n  a: 1\n  b: 2\n", [["a": 1, "b": 2]]),
            ("- \"a\": 1\n  'b': 2\n", [["a": 1, "b": 2]]),
            ("- a:\n- b:\n", [["a": nil], ["b": nil]]),
        ] as [(String, JSON)])
    func readsMapsThatBeginOnTheLineOfTheirDash(text: String, value: JSON) throws {
        #expect(try YAML.parse(text) == value)
    }

    @Test(
        arguments: [
            ("a:\n- 1\n- 2\nb: 3\n", ["a": [1, 2], "b": 3]),
            ("a:\n  - 1\n  - 2\nb: 3\n", ["a": [1, 2], "b": 3]),
            ("a:\n  b:\n  - 1\n  c:\n  - 2\n", ["a": ["b": [1], "c": [2]]]),
            ("a: # comment\n# comment\n- 1\n", ["a": [1]]),
            ("a:\n-\n-\n", ["a": [nil, nil]]),
            ("a:\n- b: 1\n  c:\n  - d\n- e\n", ["a": [["b": 1, "c": ["d"]], "e"]]),
        ] as [(String, JSON)])
    func readsListsBelowTheirKey(text: String, value: JSON) throws {
        #expect(try YAML.parse(text) == value)
    }

    @Test func readsTheSameWithAnyLineBreakAndByteOrderMark() throws {
        let text = "a: b\n  c\n\nd: |\n  e\n\n  f\ng: \"h\n\n  i\"\nj: [k,\n  l] # m\n# n\n"
        let value: JSON = ["a": "b c", "d": "e\n\nf\n", "g": "h\ni", "j": ["k", "l"]]
        for lineBreak in ["\n", "\r\n", "\r"] {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineBreak)
            #expect(try YAML.parse(lines) == value)
            #expect(try YAML.parse("\u{FEFF}" + lines) == value)
            #expect(try YAML.parse("\u{FEFF}---" + lineBreak + lines + "...") == value)
        }
    }

    @Test(arguments: [
        "", "\n", " \n\t\n", "# a\n#b", "---", "---\n", "---\n...\n", "...", "\u{FEFF}", "--- # a\n\n... # b\n# c",
    ])
    func readsAnEmptyDocumentAsNull(text: String) throws {
        #expect(try YAML.parse(text) == nil)
    }

    @Test func keepsTheOrderOfKeys() throws {
        #expect(try YAML.parse("z: 1\na: 2\nm: {y: 1, b: 2}\n").text == #"{"z":1,"a":2,"m":{"y":1,"b":2}}"#)
    }

    @Test(arguments: [
        ("a: 1\n b: 2\n", 2), ("a:\n  b: 1\n c: 2\n", 3), ("a:\n    b: 1\n  c: 2\n", 3), (" a: 1\nb: 2\n", 2),
        ("- a\n - b: 1\n", 2), (" - a\n- b\n", 2), ("- a\nb: 1\n", 2), ("a: 1\n- b\n", 2), ("a:\n  - b\n c\n", 3),
        ("a: - b\n", 1), ("a:\n  - b\n  c: 1\n", 3), ("a: 1\nb\n", 2), ("a: 1\nb:2\n", 2), ("a: 'b'\n  c: 1\n", 2),
        ("[a]\nb\n", 2), ("a: 'x'\n\n\n  - b\n", 4), ("a:\n|\n b\n", 2), ("-\n|\n", 2), ("a:\n'b'\n", 2),
    ])
    func refusesWhatFitsNothingAbove(text: String, line: Int) throws {
        #expect(try #require(yamlError(text)).line == line)
    }

    @Test(arguments: [
        ("\ta: 1", 1), ("a:\n\tb: 1", 2), ("a:\n  b: 1\n\tc: 1", 3), ("a:\n  \tb: 1", 2), ("-\t- a", 1),
        ("-\ta: 1", 1), ("- a\n\t- b", 2), ("a:\n\t- b", 2), ("a: |\n\tb", 2),
    ])
    func refusesTabsAsIndentation(text: String, line: Int) throws {
        let error = try #require(yamlError(text))
        #expect(error.reason == "a tab cannot be used for indentation")
        #expect(error.line == line)
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "a", 3), ("a:\n  b: 1\n  b: 2\n", "b", 3), ("a: 1\n\"a\": 2\n", "a", 2),
        ("a:\na: 1\n", "a", 2), ("{a, a}", "a", 1), ("'1': a\n1: b\n", "1", 2), ("- a: 1\n  a: 2\n", "a", 2),
        ("{a: 1, a: 2}", "a", 1), ("{a: 1,\n a}", "a", 2), ("\"\\x61\": 1\na: 2", "a", 2),
    ])
    func refusesADuplicateKey(text: String, key: String, line: Int) throws {
        #expect(try #require(yamlError(text)).reason == "duplicate key '\(key)'")
        #expect(try #require(yamlError(text)).line == line)
    }
}
