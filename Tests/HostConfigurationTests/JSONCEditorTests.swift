import Foundation
import JSON
import Testing

@testable import HostConfiguration

@Suite struct JSONCEditorTests {
    private static let entry: JSON = ["command": "/p"]

    private func set(_ text: String, _ entry: JSON = entry) throws(EditError) -> EditedText {
        try JSONCEditor(Array(text.utf8)).set(entry, named: "exec", in: "servers")
    }

    @Test(arguments: ["", "\n", " \r\n\t", "\u{FEFF}", "// nothing yet\n", "/* a */"])
    func makesAnObjectWhereThereIsNone(text: String) throws {
        let edited = try set(text)
        #expect(edited.change == .added)
        let newline = text.contains("\r\n") ? "\r\n" : "\n"
        let object = ["{", #"  "servers": {"#, #"    "exec": {"#, #"      "command": "/p""#, "    }", "  }", "}", ""]
        #expect(edited.text.hasSuffix(object.joined(separator: newline)))
        if text.contains("/") || text == "\u{FEFF}" { #expect(edited.text.hasPrefix(text)) }
    }

    @Test(arguments: [
        // A section of its own, in the document's own indentation.
        ("{}", "{\n  \"servers\": {\n    \"exec\": {\n      \"command\": \"/p\"\n    }\n  }\n}"),
        (
            "{\n\t\"a\": 1\n}\n",
            "{\n\t\"a\": 1,\n\t\"servers\": {\n\t\t\"exec\": {\n\t\t\t\"command\": \"/p\"\n\t\t}\n\t}\n}\n"
        ),
        // Behind the comment that belongs to the last member, and with a trailing comma where they are used.
        (
            "{\n    \"servers\": {\n        \"a\": 1 // last\n        // more\n    }\n}",
            """
            {
                "servers": {
                    "a": 1, // last
                    "exec": {
                        "command": "/p"
                    }
                    // more
                }
            }
            """
        ),
        (
            "{\n  \"servers\": {\n    \"a\": {},\n  },\n}\n",
            """
            {
              "servers": {
                "a": {},
                "exec": {
                  "command": "/p"
                },
              },
            }

            """
        ),
        // Empty sections.
        (
            "{\n  \"servers\": {\n    // none\n  }\n}",
            "{\n  \"servers\": {\n    // none\n    \"exec\": {\n      \"command\": \"/p\"\n    }\n  }\n}"
        ),
        (
            "{\n  \"servers\": { }\n}",
            "{\n  \"servers\": {\n    \"exec\": {\n      \"command\": \"/p\"\n    }\n  }\n}"
        ),
        // All on one line.
        (#"{"servers":{}}"#, #"{"servers":{"exec":{"command":"/p"}}}"#),
        (#"{"a": 1}"#, #"{"a": 1, "servers": {"exec": {"command": "/p"}}}"#),
        (#"{"servers": {"a": 1,},}"#, #"{"servers": {"a": 1, "exec": {"command": "/p"},},}"#),
        ("{\"a\":1 // end\n}", "{\"a\":1,\"servers\":{\"exec\":{\"command\":\"/p\"}} // end\n}"),
        (#"{"servers": {/* none */}}"#, #"{"servers": {/* none */ "exec": {"command": "/p"}}}"#),
    ])
    func addsAsItsAuthorWouldHave(text: String, expected: String) throws {
        let edited = try set(text)
        #expect(edited.text == expected)
        #expect(edited.change == .added)
        #expect(try set(edited.text).change == .none)
        guard text.contains("\n") else { return }
        #expect(try set(carriageReturns(text)).text == carriageReturns(expected))
        #expect(try set(text.replacing("\n", with: "\r")).text == expected.replacing("\n", with: "\r"))
    }

    /// Where a comment ends with a line that ends in another way than most, and nothing may get into it.
    @Test(arguments: [
        "{\"servers\":{// c\r}}", "{\"servers\":{\r// c\r}}", "{\"servers\": {} // c\r}", "{// c\r}", "// c\r{}",
        "// c\r",
        "{\"a\": 1 // c\r}", "{\"servers\": {\"a\": 1 // c\r}}", "{\"servers\": {\"a\": 1, // c\r}}",
        "{\"servers\":{ /* b */ // c\r}}", "{\n\"servers\":{// c\r}}\n", "{\r\n\"servers\":{// c\r}}\r\n",
        "{\r\n\"servers\":{// c\r \"a\": 1 // d\r}}\r\n", "{\"servers\":{// c\r\r// d\r}}",
        "{\r  \"servers\": {// c\r  }\r}\r",
        "{\"servers\":{\"exec\": 1 // c\r}}", "{\"servers\":{// c\r\"exec\": // d\r1}}",
    ])
    func aCarriageReturnEndsALine(text: String) throws {
        let edited = try set(text)
        var scanner = JSONCScanner(TextLayout(edited.bytes))
        let read = try #require(try scanner.document(), "\(edited.text)")
        #expect(scanner.json(read.range)?["servers"]?["exec"] == Self.entry, "\(edited.text)")
        for comment in ["// c\r", "// d\r", "/* b */"] where text.contains(comment) {
            #expect(edited.text.contains(comment.trimmingCharacters(in: ["\r"])), "\(edited.text)")
        }
        #expect(try set(edited.text).change == .none)
    }

    /// What the result is held against: the same but for the entry, or refused.
    @Test(arguments: [
        ("{\"a\": 1}", "{\"a\":1, // c\n \"s\": {\"e\": 5,},}", true),
        ("{\"a\": 1}", "{\"a\": 2, \"s\": {\"e\": 5}}", false),
        ("{\"a\": 1}", "{\"s\": {\"e\": 5}}", false), ("{\"a\": 1}", "{\"a\": 1}", false),
        ("{\"a\": 1}", "{\"a\": 1, \"s\": {\"e\": 6}}", false), ("{\"a\": 1}", "{\"a\": 1, \"s\": 5}", false),
        ("{\"a\": \"x y\"}", "{\"a\": \"xy\", \"s\": {\"e\": 5}}", false),
        ("{}", "{\"s\": {\"e\": 5}, \"b\": 1}", false),
        ("{}", "{\"s\": {\"e\": 5}, \"s\": {\"e\": 5}}", false),
        ("{\"s\": {\"f\": 1}}", "{\"s\": {\"f\": 1, \"e\": 5}}", true),
        ("{\"s\": {\"f\": 1}}", "{\"s\": {\"e\": 5}}", false), ("{\"s\": {\"e\": 1}}", "{\"s\": {\"e\": 5}}", true),
        ("{\"s\": {\"e\": 1}, \"a\": [1, 2]}", "{\"s\": {\"e\": 5}, \"a\": [1, /* c */ 2,]}", true),
        ("{\"a\": [\"\\ud83d\"]}", "{\"a\": [\"\\ud83d\"], \"s\": {\"e\": 5}}", true),
        ("{\"a\": \"\\\"{ // \"}", "{\"a\": \"\\\"{ // \", \"s\": {\"e\": 5}}", true),
        ("// none", "{\"s\": {\"e\": 5}}", true), ("{}", "[]", false),
    ])
    func seesWhetherAnythingElseHasChanged(old: String, new: String, isSame: Bool) throws {
        var before = JSONCScanner(TextLayout(Array(old.utf8)))
        var after = JSONCScanner(TextLayout(Array(new.utf8)))
        let (oldRoot, newRoot) = (try before.document(), try #require(try after.document()))
        let comparison = JSONCComparison(before, after)
        #expect(comparison.is(oldRoot, with: 5, named: "e", in: "s", equalTo: newRoot) == isSame)
    }

    @Test(arguments: [
        (
            "{\n  \"servers\": {\n    \"exec\": OLD, // ours\n    \"b\": 2\n  }\n}",
            "{\n      \"command\": \"/p\"\n    }"
        ),
        (#"{"servers":{"exec":OLD,"b":2}}"#, #"{"command":"/p"}"#),
        (#"{"servers": {"exec": OLD, "b": 2}}"#, #"{"command": "/p"}"#),
    ])
    func replacesTheValueAlone(text: String, expected: String) throws {
        for old in ["{}", "[1, 2]", #"{"command": "/q", "env": {"exec": {}}}"#, "null", "{\n// c\n}"] {
            let edited = try set(text.replacing("OLD", with: old))
            #expect(edited.text == text.replacing("OLD", with: expected))
            #expect(edited.change == .replaced)
        }
    }

    @Test(arguments: [
        #"{"servers":{"exec":{"command":"/p"}}}"#, "{\"servers\":{\"exec\":{ // c\n\"command\" : \"\\u002fp\",}}}",
    ])
    func leavesWhatIsThereAlready(text: String) throws {
        let edited = try set(text)
        #expect(edited.change == .none)
        #expect(edited.text == text)
    }

    @Test func isNotTakenInByNamesInOtherPlaces() throws {
        let text = """
            {
              // "servers": {"exec": 1}
              "text": "\\"servers\\": {\\"exec\\": {}}, // }",
              "other": {"servers": {"exec": 1}, "exec": [{"exec": 2}]},
              "servers": {"a": {"exec": 3}} /* "exec": { */
            }
            """
        let expected = text.replacing(#"{"a": {"exec": 3}}"#, with: #"{"a": {"exec": 3}, "exec": {"command": "/p"}}"#)
        #expect(try set(text).text == expected)
    }

    @Test(arguments: [
        ("[]", 1, "not a JSON object"), ("1", 1, "not a JSON object"), ("{", 1, "expected a name"),
        ("{\n\"a\" 1}", 2, "':'"),
        ("{\n\"a\": 1\n\"b\": 2}", 3, "','"), ("{\"a\":\n", 2, "unexpected end"),
        ("{\"a\": nul}", 1, "expected a value"),
        ("{\n\"a\": \"x\n\"}", 2, "string"), ("{} x", 1, "after the end"), ("{}\n}", 2, "after the end"),
        ("{\n/* x", 2, "comment"), ("{,}", 1, "expected a name"), ("{\"a\": [1 2]}", 1, "']'"),
        ("{\"a\": [,]}", 1, "expected a value"), ("{'a': 1}", 1, "double quotes"),
        ("{\n\n\"servers\": []}", 3, "not an object"), ("{\"servers\": null}", 1, "not an object"),
        ("{\"servers\": {},\n\"servers\": {}}", 2, "duplicate"),
        ("{\"servers\": {\"exec\": 1,\n\n\"exec\": 1}}", 3, "duplicate"),
        (String(repeating: "{\"a\":", count: 10_000), 1, "nested"),
        (String(repeating: "[", count: 10_000), 1, "nested"),
        ("{\"a\": \"\\", 1, "string"),
    ])
    func refusesWhatItDoesNotUnderstandAndSaysWhere(text: String, line: Int, part: String) throws {
        let error = try #require(refusal { () throws(EditError) in try set(text) }, "\(text) was taken")
        #expect(error.line == line)
        #expect(error.reason.contains(part), "\(error.reason)")
    }

    @Test func takesValuesThatItNeedNotUnderstand() throws {
        let text = "{\"history\": [\"cut \\ud83d\"], \"\\ud83d\": 1, \"servers\": {}}"
        #expect(try set(text).text == text.replacing("{}", with: #"{"exec": {"command": "/p"}}"#))
    }
}
