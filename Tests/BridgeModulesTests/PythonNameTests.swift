import BridgeModulesTestSupport
import JSON
import Testing

@testable import BridgeModules

@Suite struct PythonNameTests {
    private static func one(_ name: String) -> String {
        PythonName.identifiers(for: [name], reserved: PythonName.helpers.union(PythonName.internals))[0]
    }

    @Test(arguments: [
        ("git_log", "git_log"), ("git-log", "git_log"), ("a.b/c d", "a_b_c_d"), ("Größe", "Größe"), ("城市", "城市"),
        ("", "_"), ("-", "__"), ("2fa", "_2fa"), ("_private", "_private"), ("a__b", "a__b"),
        // Keywords, soft keywords, helpers, dunder names, and what the generated code uses.
        ("class", "class_"), ("None", "None_"), ("match", "match_"), ("type", "type_"), ("_", "__"), ("list", "list"),
        ("call_tool", "call_tool_"), ("search", "search_"), ("ToolError", "ToolError_"), ("__init__", "__init___"),
        ("__debug__", "__debug___"), ("locals", "locals_"), ("_r", "_r_"), ("_server", "_server_"), ("____", "____"),
        ("cl-ass", "cl_ass"), ("class-", "class_"),
        // Compatibility forms and composition, as Python compares identifiers.
        ("ｆｉｌｅ＿１", "file_1"), ("ﬁle", "file"), ("𝐛𝟐", "b2"), ("x²", "x2"), ("µs", "μs"), ("Ⓐⓑ", "Ab"),
        ("K\u{212A}", "KK"),
        ("cafe\u{301}", "café"), ("o\u{302}\u{323}", "ộ"), ("ｃｌａｓｓ", "class_"), ("a\u{20DD}", "a_"),
        ("\u{92B}\u{93C}\u{93E}", "\u{92B}\u{93C}\u{93E}"), ("\u{95E}", "__"), ("कि", "कि"),
        // Emoji, invisible characters, quotes, code.
        ("🚀 launch", "__launch"), ("a\u{200B}b", "a_b"), ("a\u{202E}b", "a_b"),
        ("x\"); import os #", "x____import_os__"),
        ("a\nb", "a_b"), ("\u{301}a", "_a"),
    ])
    func aNameBecomesAnIdentifier(name: String, identifier: String) {
        #expect(Array(Self.one(name).unicodeScalars) == Array(identifier.unicodeScalars), "\(Self.one(name))")
    }

    @Test func aLongNameIsCutAndHashed() {
        let long = String(repeating: "a", count: 65)
        let (first, second) = (Self.one(long), Self.one(long + "b"))
        #expect(Self.one(String(long.dropLast())) == String(long.dropLast()))
        #expect(first.count == 64)
        #expect(second.count == 64)
        #expect(first != second)
        #expect(first.hasPrefix(String(repeating: "a", count: 55) + "_"))
        #expect(Self.one("__" + String(repeating: "x", count: 60) + "__").count == 64)
        let huge = String(repeating: "n", count: 1_000_000)
        #expect(Self.one(huge).count == 64)
        #expect(Self.one(huge) != Self.one(huge + "n"))
    }

    @Test(arguments: [
        (["a-b", "a_b", "a.b"], ["a_b_2", "a_b", "a_b_3"]),
        (["a-b", "a.b"], ["a_b", "a_b_2"]),
        (["a.b", "a-b", "a_b_2"], ["a_b_3", "a_b", "a_b_2"]),
        (["class", "class_"], ["class__2", "class_"]),
        (["x", "x"], ["x", "x_2"]),
        (["", "_", "__"], ["_", "___2", "__"]),
    ])
    func equalIdentifiersAreNumberedInTheOrderOfTheirNames(names: [String], identifiers: [String]) {
        #expect(PythonName.identifiers(for: names) == identifiers)
    }

    @Test func theOrderOfNamesDoesNotMatter() {
        let names = ["a b", "a-b", "a.b", "a_b", "a_b_2", "a/b", "import", "import_", "im-port"]
        let identifiers = Dictionary(uniqueKeysWithValues: zip(names, PythonName.identifiers(for: names)))
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let shuffled = names.shuffled(using: &generator)
            #expect(PythonName.identifiers(for: shuffled) == shuffled.map { identifiers[$0] })
        }
    }

    @Test func namesThatAreOnlyCanonicallyEquivalentStayDifferent() {
        let names = ["caf\u{E9}", "cafe\u{301}"]
        let identifiers = PythonName.identifiers(for: names)
        #expect(identifiers == ["caf\u{E9}", "caf\u{E9}_2"])
    }

    @Test func manyEqualNamesTakeLinearTime() {
        let names = (0..<20_000).map { _ in "same" }
        #expect(Set(PythonName.identifiers(for: names)).count == names.count)
    }

    /// Every character on its own, and marks in twos and threes.
    @Test func everyNameIsAnIdentifierThatNormalizationLeavesAlone() async throws {
        let assigned = (0...0x10FFFF as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init).filter {
            $0.properties.generalCategory != .unassigned && $0.properties.generalCategory != .privateUse
        }
        var names = stride(from: 0, to: assigned.count, by: 40).map { start in
            assigned[start..<min(start + 40, assigned.count)].map { "a\(Character($0))a" }
        }.joined().map { String($0) }
        let marks = assigned.filter { $0.properties.canonicalCombiningClass.rawValue != 0 }
        let letters = Array("ae\u{E9}\u{1EC7}αअऩবেக\u{BC6}か가א\u{627}".unicodeScalars)
        for letter in letters {
            for (place, mark) in marks.enumerated() {
                let other = marks[(place * 31 + 7) % marks.count]
                var name = String.UnicodeScalarView([letter, mark])
                names.append(String(name))
                name.append(other)
                names.append(String(name))
            }
        }
        for (first, second) in zip(assigned, assigned.dropFirst()) where first.properties.isXIDContinue {
            names.append(String(String.UnicodeScalarView([first, second])))
        }
        let identifiers = names.map { PythonName.identifier(for: $0, reserved: []) }
        let program = """
            import json, keyword, sys, unicodedata
            faults = [
                name for name in json.load(open(sys.argv[1], encoding="utf-8"))
                if not name.isidentifier() or unicodedata.normalize("NFKC", name) != name or keyword.iskeyword(name)
            ]
            print(json.dumps([len(faults), *map(ascii, faults[:20])]))
            """
        let answer = try await PythonChecker.run(program, on: .array(Set(identifiers).map(JSON.string)))
        #expect(answer == [0], "\(answer.text)")
    }
}
