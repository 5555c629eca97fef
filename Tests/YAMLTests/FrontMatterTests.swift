import JSON
import Testing
import YAML

@Suite struct FrontMatterTests {
    private func fault(_ text: String) -> YAMLError? {
        do throws(YAMLError) {
            _ = try FrontMatter.parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test func readsMetadataAndBody() throws {
        let read = try FrontMatter.parse("---\nname: a\ndescription: Use when: asked\n---\n# Title\n\ntext\n")
        #expect(read.metadata == ["name": "a", "description": "Use when: asked"])
        #expect(read.body == "# Title\n\ntext\n")
        #expect(read.bodyLine == 5)
    }

    @Test(arguments: [
        ("---\na: 1\n---\n", "", 4), ("---\na: 1\n---", "", 4), ("---\na: 1\n...\nb", "b", 4),
        ("---  \na: 1\n--- \t\nb", "b", 4), ("---\na: 1\n---\n\nb", "\nb", 4),
        ("---\r\na: 1\r\n---\r\nb\r\nc", "b\r\nc", 4), ("---\ra: 1\r---\rb", "b", 4),
        ("\u{FEFF}---\na: 1\n---\nb", "b", 4), ("---\na: 1\n\n\n---\nb\n---\nc", "b\n---\nc", 6),
        ("---\na: 1\n---\n\0\u{7F}\tb: &c", "\0\u{7F}\tb: &c", 4),
    ])
    func givesTheBodyAsItWasWritten(text: String, body: String, line: Int) throws {
        let read = try FrontMatter.parse(text)
        #expect(read.metadata == ["a": 1])
        #expect(Array(read.body.utf8) == Array(body.utf8))
        #expect(read.bodyLine == line)
    }

    @Test(arguments: ["---\n---\nb", "---\n\n# c\n---\nb", "---\n{}\n---\nb", "---\nnull\n---\nb"])
    func readsEmptyMetadata(text: String) throws {
        #expect(try FrontMatter.parse(text).metadata.isEmpty)
        #expect(try FrontMatter.parse(text).body == "b")
    }

    @Test(arguments: [
        "---\na: |\n  ---\n  b\n---\n", "---\na: '---'\n---\n", "---\na: x\n  ---\n---\n", "---\na: x---\n---\n",
    ])
    func endsAtAMarkerOfItsOwnLineOnly(text: String) throws {
        #expect(try FrontMatter.parse(text).metadata["a"]?.stringValue?.contains("---") == true)
    }

    @Test(arguments: [
        "", "\n", "# Title", "name: a", " ---\na: 1\n---\n", "\n---\na: 1\n---\n", "----\na: 1\n---\n",
        "--- a\n---\n", "--\n", "...",
    ])
    func saysWhereThereIsNone(text: String) throws {
        let error = try #require(fault(text))
        #expect(error.reason.hasPrefix("no front matter"))
        #expect(error.line == 1)
    }

    @Test(arguments: ["---", "---\n", "---\na: 1\n", "---\na: 1\n----\n", "---\na: 1\n ---\nb", "---\na: 1\n--- b\n"])
    func refusesOneThatIsNeverClosed(text: String) throws {
        let error = try #require(fault(text))
        #expect(error.reason == "the front matter has no closing line '---'")
        #expect(error.line == 1)
    }

    @Test(arguments: [
        ("---\n- a\n---\n", "an array"), ("---\na\n---\n", "a string"), ("---\n\n1\n---\n", "an integer"),
    ])
    func refusesWhatIsNoMap(text: String, kind: String) throws {
        #expect(try #require(fault(text)).reason == "the front matter is \(kind), not lines of 'key: value'")
    }

    @Test(arguments: [
        ("---\na: \"b\n---\n", 2), ("---\nname: a\n\ntags: [b,\n---\n", 4), ("---\na: 1\na: 2\n---\n", 3),
        ("---\r\na: 1\r\n\tb: 1\r\n---\r\n", 3), ("---\na: &b c\n---\n", 2), ("\u{FEFF}---\n# c\na: 1\nb\n---\n", 4),
        ("---\na: \0\n---\n", 2),
    ])
    func countsLinesInTheFile(text: String, line: Int) throws {
        #expect(try #require(fault(text)).line == line)
    }

    @Test func readsTheLargestAndRefusesALargerOne() throws {
        func file(_ size: Int, body: String) -> String {
            let frame = "---\na: \n---\n"
            return "---\na: \(String(repeating: "x", count: size - frame.utf8.count))\n---\n" + body
        }
        let body = String(repeating: "text\n", count: 100_000)
        let largest = try FrontMatter.parse(file(FrontMatter.maxSize, body: body))
        #expect(largest.metadata["a"]?.stringValue?.utf8.count == FrontMatter.maxSize - 12)
        #expect(largest.body == body)
        for (excess, body) in [(1, ""), (1, body), (2, body), (4, body), (5, body), (1_000_000, "")] {
            let error = try #require(fault(file(FrontMatter.maxSize + excess, body: body)))
            #expect(error.reason == "the front matter is larger than \(FrontMatter.maxSize) bytes")
        }
    }

    @Test(
        arguments: [
            ("allowed-tools: Read, Bash(git:*), mcp__x__*", "Read, Bash(git:*), mcp__x__*"),
            ("allowed-tools: [\"Read\", Write]", ["Read", "Write"]), ("argument-hint: [file]", ["file"]),
            ("argument-hint: <init|new> [name]", "<init|new> [name]"), ("argument-hint: (none)", "(none)"),
            ("argument-hint: \"[file] [line]\"", "[file] [line]"), ("version: 1.2.3", "1.2.3"), ("version: 2", 2),
            ("homepage: https://example.org/a#b", "https://example.org/a#b"), ("emoji: 📄", "📄"),
            (
                "description: Use it for C#, F# and *.csv files -- \"all\" of them!",
                "Use it for C#, F# and *.csv files -- \"all\" of them!"
            ),
            ("tags:\n  - a\n  - b c\n", ["a", "b c"]), ("tags: a, b", "a, b"), ("model:", nil),
        ] as [(String, JSON)])
    func readsTheLinesThatPeopleWrite(line: String, value: JSON) throws {
        let metadata = try FrontMatter.parse("---\nname: n\n\(line)\nlast: 1\n---\n").metadata
        #expect(metadata.map(\.value) == ["n", value, 1])
    }

    @Test func readsWhatSkillsLookLike() throws {
        let text = """
            ---
            name: pdf-tools
            description: >-
              Read, split and merge PDF files. Use when: the user
              mentions a PDF, a form, or "scanned" pages.
            license: Apache-2.0   # SPDX
            allowed-tools: Read, Bash(git:*), Write
            metadata:
              version: "1.0"
              tags: [pdf, 'forms', "ocr: yes"]
              authors:
              - name: Zoë
                mail: zoe@example.org
            disable-model-invocation: false
            ---

            # PDF tools
            """
        let read = try FrontMatter.parse(text)
        #expect(
            JSON.object(read.metadata) == [
                "name": "pdf-tools",
                "description": """
                Read, split and merge PDF files. Use when: the user mentions a PDF, a form, or "scanned" pages.
                """,
                "license": "Apache-2.0",
                "allowed-tools": "Read, Bash(git:*), Write",
                "metadata": [
                    "version": "1.0", "tags": ["pdf", "forms", "ocr: yes"],
                    "authors": [["name": "Zoë", "mail": "zoe@example.org"]],
                ],
                "disable-model-invocation": false,
            ])
        #expect(read.bodyLine == 16)
        #expect(read.body == "\n# PDF tools")
    }
}
