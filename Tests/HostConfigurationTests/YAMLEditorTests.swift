import JSON
import TestSupport
import Testing
import YAML

@testable import HostConfiguration

@Suite struct YAMLEditorTests {
    private static let entry: JSON = ["cmd": "/p", "timeout": 660]
    private static let fields = ["cmd: \"/p\"", "# seconds", "timeout: 660"]

    private func set(_ text: String) throws(EditError) -> EditedText {
        try YAMLEditor(Array(text.utf8)).set(Self.entry, fields: Self.fields, named: "exec", in: "extensions")
    }

    private func block(_ outer: Int, _ inner: Int) -> String {
        let fields = Self.fields.map { String(repeating: " ", count: inner) + $0 + "\n" }
        return String(repeating: " ", count: outer) + "exec:\n" + fields.joined()
    }

    /// Top-level members that a careless reader would lose its way in.
    private static let members = [
        "# extensions:\n", "model: gpt\n", "\n", "note: |\n  extensions:\n    exec:\n      cmd: no\n",
        "text: \"a\n  extensions: b\"\n", "list:\n- exec:\n    a: 1\n- extensions\n", "extensions_more:\n  exec: 1\n",
        "nested:\n  extensions:\n    exec: {cmd: a}\n", "quoted: 'it''s # no comment'\n", "folded: >-\n  a\n\n  # b\n",
    ]
    private static let entries = [
        "  developer:\n    enabled: true\n    note: |\n      exec:\n      # text\n", "  # exec:\n",
        "  flow: {exec: 1}\n",
        "  'q r':\n    - exec\n\n", "  memory: # why\n      exec: 1\n      b: [1, 2]\n      # below\n",
    ]

    private func distinct(_ rows: [String]) -> String {
        rows.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.joined()
    }

    @Test(arguments: UInt64(1)...40)
    func addsAndReplacesAndKeepsTheRest(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let before = distinct(random.row(0...4, of: Self.members))
            let head = random.pick(["extensions:\n", "\"extensions\" :   # all\n", "'extensions':\n\n"])
            let own = distinct(random.row(0...3, of: Self.entries))
            let text = before + head + own + "last:\n  - 1\n"
            let old = try #require(try YAML.parse(text).objectValue)
            let added = try set(text)
            #expect(added.change == .added)
            #expect(try set(added.text).change == .none)
            let read = try YAML.parse(added.text)
            #expect(read["extensions"]?["exec"] == Self.entry)
            for member in old where member.key != "extensions" { #expect(read[member.key] == member.value) }

            // Exactly one piece was put in: without it the text is the old one.
            let piece = try #require(added.text.firstRange(of: /\ {2}exec:\n +cmd: "\/p"\n/))
            let end = try #require(added.text[piece.upperBound...].firstRange(of: "timeout: 660\n"))
            #expect(added.text[..<piece.lowerBound] + added.text[end.upperBound...] == text)

            let changed = added.text.replacing("cmd: \"/p\"", with: "cmd: old", maxReplacements: 1)
            #expect(try set(changed) == EditedText(added.bytes, [], .replaced))
        }
    }

    @Test(arguments: ["", "# a\n", "---\n", "model: gpt\n", "model: gpt", "\u{FEFF}model: gpt\n"])
    func addsTheMapWhereThereIsNone(text: String) throws {
        let between = text.isEmpty ? "" : text.hasSuffix("\n") ? "\n" : "\n\n"
        #expect(try set(text).text == text + between + "extensions:\n" + block(2, 4))
    }

    @Test(arguments: [
        ("extensions: {}\nb: 1\n", "extensions:\nEXECb: 1\n"), ("extensions: {} # none\n", "extensions: # none\nEXEC"),
        ("extensions: null\n", "extensions:\nEXEC"), ("extensions: ~", "extensions:\nEXEC"),
        ("extensions:", "extensions:\nEXEC"),
        ("extensions:\n# none\nb: 1\n", "extensions:\nEXEC# none\nb: 1\n"),
    ])
    func fillsAnEmptyMap(text: String, expected: String) throws {
        #expect(try set(text).text == expected.replacing("EXEC", with: block(2, 4)))
    }

    @Test func writesAsTheTextIsWritten() throws {
        let text = "extensions:\n   a:\n         b: 1\nc: 2\n"
        #expect(try set(text).text == "extensions:\n   a:\n         b: 1\n" + block(3, 9) + "c: 2\n")
        #expect(try set(carriageReturns(text)).text == carriageReturns(try set(text).text))
        for text in [text, "model: gpt\n", "extensions: {} # none\nb: 1\n", "extensions:\n  exec:\n    c: 1\n"] {
            let expected = try set(text).text.replacing("\n", with: "\r")
            #expect(try set(text.replacing("\n", with: "\r")).text == expected)
        }
        #expect(try set("extensions:\n  a:\n    b: 1").text == "extensions:\n  a:\n    b: 1\n" + block(2, 4))
    }

    @Test func replacesAnEntryWithItsComments() throws {
        for old in [
            "  exec:\n    cmd: x\n    # seconds\n    - \n", "  \"exec\": {cmd: x}\n",
            "  'exec': # mine\n    a:\n      - 1\n",
        ]
        where (try? YAML.parse(old)) != nil {
            let edited = try set("extensions:\n  a: 1\n" + old + "\n  # next\n  b: 2\n")
            #expect(edited.text == "extensions:\n  a: 1\n" + block(2, 4) + "\n  # next\n  b: 2\n")
            #expect(edited.change == .replaced)
        }
    }

    @Test(arguments: [
        ("a: [1\n", "never closed"), ("- a\n", ", not a map"), ("text\n", ", not a map"),
        ("extensions: [a]\n", "not a map"),
        ("extensions:\n- a\n", "not a map"), ("extensions: text\n", "not a map"),
        ("extensions: {a: 1}\n", "indented lines"), ("{extensions: {a: 1}}\n", "edited safely"),
        ("extensions: &x\n  a: 1\n", "anchors"), ("a: 1\n---\nb: 2\n", "one document"), ("a: 1\n...\n", ""),
        ("? extensions\n: a: 1\n", "complex keys"), ("a: |+\n  text\n", "edited safely"),
        ("extensions:\n  \"ex\\u0065c\": 1\n", "edited safely"),
    ])
    func refusesWhatItDoesNotUnderstand(text: String, part: String) throws {
        let error = try #require(refusal { () throws(EditError) in try set(text) }, "\(text) was taken")
        #expect(error.reason.contains(part), "\(error.reason)")
    }

    @Test func saysWhichLineItDidNotUnderstand() {
        #expect(refusal { () throws(EditError) in try set("a: 1\nb: \"x\n") }?.line == 2)
        #expect(refusal { () throws(EditError) in try set("a: 1\n\nextensions: {b: 1}\n") }?.line == 3)
    }
}
