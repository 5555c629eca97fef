import JSON
import MCP
import Testing

@testable import Bridge

/// How a change of a tool is shown to a person.
@Suite struct DeclarationTests {
    @Test(arguments: [
        ("plain", "plain"), ("naïve Größe, 日本語", "naïve Größe, 日本語"), ("Привет, мир", "Привет, мир"),
        ("zero\u{200B}width", #"zero\u200bwidth"#), ("a\u{202E}b", #"a\u202eb"#), ("tab\there", #"tab\u0009here"#),
        ("line\rover", #"line\u000dover"#), ("\u{1B}[31mred", #"\u001b[31mred"#), ("no\u{A0}break", #"no\u00a0break"#),
        ("tag\u{E0041}", #"tag\udb40\udc41"#), ("var\u{FE0F}", #"var\ufe0f"#),
        // Letters of another alphabet within a word, and copies of letters.
        ("p\u{430}ssword", #"p\u0430ssword"#), ("\u{3BF}pen", #"\u03bfpen"#), ("\u{FF52}m", #"\uff52m"#),
        ("\u{1D42B}un", #"\ud835\udc2bun"#), ("Ω is a letter", "Ω is a letter"),
    ])
    func whatCannotBeSeenIsSpelledOut(text: String, shown: String) {
        #expect(DeclarationText.visible(text) == shown)
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    @Test(arguments: [
        ("a\nb", "a\nb", ""), ("a", "b", "@@ -1,1 +1,1 @@\n-a\n+b"),
        ("a\nb\nc", "a\nc", "@@ -1,3 +1,2 @@\n a\n-b\n c"), ("a", "a\nb", "@@ -1,1 +1,2 @@\n a\n+b"),
        (
            "0\n1\n2\n3\n4\n5\n6\n7\n8\n9", "0\n1\n2\n3\nx\n5\n6\n7\n8\n9",
            "@@ -2,7 +2,7 @@\n 1\n 2\n 3\n-4\n+x\n 5\n 6\n 7"
        ),
        (
            "x\n1\n2\n3\n4\n5\n6\n7\nx", "y\n1\n2\n3\n4\n5\n6\n7\ny",
            "@@ -1,4 +1,4 @@\n-x\n+y\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-x\n+y"
        ),
        ("\u{E9}", "e\u{301}", "@@ -1,1 +1,1 @@\n-\u{E9}\n+e\u{301}"),
    ])
    func aDifferenceIsInTheUnifiedFormat(before: String, after: String, difference: String) {
        let hunks = LineDifference.hunks(from: Self.lines(before), to: Self.lines(after))
        #expect(hunks.joined(separator: "\n").utf8.elementsEqual(difference.utf8), "\(hunks)")
    }

    @Test func whatWasAddedToNothingIsAllOfIt() {
        #expect(LineDifference.hunks(from: [], to: ["a", "b"]) == ["@@ -0,0 +1,2 @@", "+a", "+b"])
    }

    @Test func longTextsWithNothingInCommonAreComparedInLittleTime() {
        let (before, after) = ((0..<200_000).map { "a\($0)" }, (0..<200_000).map { "b\($0)" })
        let hunks = LineDifference.hunks(from: ["same"] + before, to: ["same"] + after)
        #expect(hunks.count == 2 + 400_000)
        #expect(hunks.prefix(2) == ["@@ -1,200001 +1,200001 @@", " same"])
    }

    @Test func aDeclarationIsLaidOutLineByLine() {
        let tool = Tool(
            name: "add", title: "Add", description: "Adds.\n\nThen adds\u{200B} more.",
            inputSchema: [
                "type": "object",
                "properties": ["a": ["type": "number", "enum": [1, 2]], "b": ["description": "two\nlines"]],
                "required": ["a"],
            ], annotations: ["readOnlyHint": true])
        #expect(
            DeclarationText.lines(of: ToolDigest.declaration(of: tool)) == [
                "name: \"add\"", "description:", "    Adds.", "    ", #"    Then adds\u200b more."#, "annotations: {",
                "    \"readOnlyHint\": true", "}", "inputSchema: {", "    \"properties\": {", "        \"a\": {",
                "            \"enum\": [1,2]", "            \"type\": \"number\"", "        }", "        \"b\": {",
                #"            "description": "two\nlines""#, "        }", "    }", "    \"required\": [\"a\"]",
                "    \"type\": \"object\"", "}",
            ])
    }
}
