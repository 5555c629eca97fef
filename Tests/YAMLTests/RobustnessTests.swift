import JSON
import TestSupport
import Testing
import YAML

/// No text crashes or hangs the reader: it is read, or refused with a line that the text has.
@Suite(.timeLimit(.minutes(3))) struct RobustnessTests {
    private static let sample = """
        ---
        # A comment
        name: "a \\"b\\" \\u00e9 \\
          c"
        description: Use when: asked
        long: one
          two

          three
        single: 'it''s
          four'
        literal: |2-
           five
          six
        folded: >+
          seven
          eight

        list:
        - a: [b, {c: d, "e":f}, [g: h]]
          i:
            - - j
              - 0x1f
            -
        é: ~ # end
        ...

        """

    private func checkOutcome(_ text: String) {
        let lines = text.utf8.count { $0 == 0x0A || $0 == 0x0D } + 1
        do throws(YAMLError) {
            _ = try YAML.parse(text)
        } catch {
            #expect(1...lines ~= error.line, "\(error)\n\(text)")
            #expect(!error.reason.isEmpty, "\(error)\n\(text)")
        }
        do throws(YAMLError) {
            _ = try FrontMatter.parse(text)
        } catch {
            #expect(1...lines ~= error.line, "\(error)\n\(text)")
            #expect(!error.reason.isEmpty, "\(error)\n\(text)")
        }
    }

    @Test func survivesEveryTextThatIsCutShort() throws {
        _ = try YAML.parse(Self.sample)
        let scalars = Self.sample.unicodeScalars
        for length in 0...scalars.count {
            checkOutcome(String(scalars.prefix(length)))
            checkOutcome(String(scalars.dropFirst(length)))
        }
    }

    @Test(arguments: UInt64(1)...10)
    func survivesMutations(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<500 {
            var scalars = Array(Self.sample.unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&scalars, &random) }
            checkOutcome(text(scalars))
        }
    }

    @Test(arguments: UInt64(1)...10)
    func survivesGarbage(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = Array("\n\n\n    \t-:?#&*!|>'\"%@`[]{},\\\r\0ab10.~é\u{FEFF}\u{85}".unicodeScalars)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...40, using: &random)
            checkOutcome(text((0..<count).map { _ in random.pick(alphabet) }))
        }
    }

    @Test(arguments: UInt64(1)...10)
    func survivesRowsOfTokens(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let tokens = [
            "a", "a: ", "b:", "- ", "-", "\"", "'", "\"q\"", "[", "]", "{", "}", ", ", ": ", " # c", "|", ">-", "|2+",
            "\n", "\n", "\n  ", "\n    ", "\n\n", "\t", "---\n", "...\n", "? ", "&x ", "*y", "!z ", "<<: ", "%D",
            "\\", "\\\n", "1", "null",
        ]
        for _ in 0..<1000 {
            let row = (0..<Int.random(in: 0...25, using: &random)).map { _ in random.pick(tokens) }.joined()
            checkOutcome(row)
            checkOutcome("---\n\(row)\n---\n")
        }
    }

    private func text(_ scalars: [Unicode.Scalar]) -> String {
        String(String.UnicodeScalarView(scalars))
    }

    private func mutate(_ scalars: inout [Unicode.Scalar], _ random: inout SplitMix64) {
        guard !scalars.isEmpty else { return }
        let place = Int.random(in: 0..<scalars.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: scalars[place] = random.pick(Array(" \n\t:-#\"'[]{},|>&*!?%\0x".unicodeScalars))
        case 1: scalars.remove(at: place)
        case 2: scalars.insert(random.pick(scalars), at: place)
        default: scalars.removeSubrange(place..<min(scalars.count, place + 8))
        }
    }

    @Test(arguments: [
        "[", "{", "{a: ", "[[", "- ", "-\n", "- - ", "? ", "a: ", "a:\n", "\"", "'", "''", "\\", "\n", " ", "\t",
        "\r", "#\n", "|\n", ">\n", "a ", "a\n", "a\n\n", " a\n", "- a\n", "- \"a\n", "[a,", "[\n", "a,\n", "&a ",
        "---\n", "é", "\u{FEFF}", "\0", "0", "9", "0x", ".", "1e", "\\x", "[a\n", "{\"", "- |\n", "-\n ", "a: \n\n",
        ": ", " #",
    ])
    func endsSoonWithAnyPieceRepeated(piece: String) {
        // Long enough for a reader whose time is quadratic to take minutes.
        let filled = String(repeating: piece, count: 16384 / piece.utf8.count)
        for opening in ["", "a: ", "a: \"", "a: |\n  ", "a: ["] { checkOutcome(opening + filled) }
    }

    @Test func readsToTheGreatestDepthAndNoDeeper() throws {
        func nested(_ depth: Int, _ opening: String, _ closing: String) -> String {
            String(repeating: opening, count: depth) + "a" + String(repeating: closing, count: depth)
        }
        func maps(_ depth: Int) -> String {
            (0..<depth).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
                + String(repeating: " ", count: depth) + "b"
        }
        let limit = YAML.maxDepth
        for text in [nested(limit, "[", "]"), nested(limit, "{b: ", "}"), nested(limit, "- ", ""), maps(limit)] {
            _ = try YAML.parse(text)
        }
        let deeper = [
            nested(limit + 1, "[", "]"), nested(limit + 1, "{b: ", "}"), nested(limit + 1, "- ", ""), maps(limit + 1),
        ]
        let farDeeper = [
            nested(100_000, "[", "]"), nested(100_000, "[a: ", "]"), nested(100_000, "- ", ""), maps(1000),
        ]
        for text in deeper + farDeeper {
            #expect(try #require(yamlError(text)).reason == "nested deeper than \(limit) levels")
        }
    }

    @Test(arguments: [
        "k%: v\n", "- a\n", "- k: v\n", "# c\n", "k%: \"a\n  b\"\n", "k%: |\n  a\n\n", "k%: [a, b]\n",
        "k%: a\n\n\n  b\n", "k%:\n- a\n",
    ])
    func takesTimeInProportionToTheLength(line: String) throws {
        func fastest(lines: Int) throws -> Double {
            let text = (0..<lines).map { number in
                line.split(separator: "%", omittingEmptySubsequences: false).joined(separator: String(number))
            }.joined()
            let times = try (0..<3).map { _ in try processorTime { _ = try YAML.parse(text) } }
            return try #require(times.min())
        }
        // Ten times the lines: a ratio of 10 where time is linear, of 100 where it is quadratic.
        #expect(try fastest(lines: 5000) / fastest(lines: 500) < 40)
    }
}
