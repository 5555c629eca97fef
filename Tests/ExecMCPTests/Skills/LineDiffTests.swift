import ExecCore
import TestSupport
import Testing

@testable import ExecMCP

@Suite struct LineDiffTests {
    private static let main = "---\nname: a\ndescription: d\n---\n"

    private func content(_ files: [String: String]) throws -> SkillContent {
        let all = ["SKILL.md": Self.main].merging(files) { $1 }
        return try SkillContent(name: "a", files: all.map { SkillContent.File(path: $0.key, text: $0.value) })
    }

    private func diff(_ old: [String: String], _ new: [String: String]) throws -> [Substring] {
        // By scalars: to Swift, a carriage return with a line feed is one character.
        try LineDiff.text(from: content(old), to: content(new)).unicodeScalars.split(separator: "\n")
            .map { Substring($0) }
    }

    @Test func showsChangedLinesWithThoseAround() throws {
        let old = (1...20).map { "line \($0)\n" }.joined()
        let lines = try diff(["b.py": old], ["b.py": old.replacing("line 10\n", with: "line ten\n")])
        #expect(lines.prefix(2) == ["==== approved/b.py -> draft/b.py ====", "@@ approved line 7, draft line 7 @@"])
        #expect(lines.filter { $0.hasPrefix("-l") || $0.hasPrefix("+l") } == ["-line 10", "+line ten"])
        #expect(lines.count == 10)
    }

    @Test func showsFilesThatCameAndWent() throws {
        let lines = try diff(["gone.py": "x\n"], ["new.py": "y\n"])
        #expect(lines.contains("==== approved/gone.py -> (removed) ====") && lines.contains("-x"))
        #expect(lines.contains("==== (no such file) -> draft/new.py ====") && lines.contains("+y"))
    }

    @Test func noLineOfAFileLooksLikeAHead() throws {
        let heads = [
            "==== approved/b.py -> draft/b.py ====", "@@ approved line 1, draft line 1 @@", "-- approved/c.py",
            "++ draft/c.py", "== approved/c.py -> draft/c.py ====",
        ]
        let text = heads.map { $0 + "\n" }.joined()
        for (old, new) in [("", text), (text, ""), (text, text + "x\n")] {
            let lines = try diff(["b.py": old], ["b.py": new])
            #expect(lines.filter { !" -+".contains($0.first ?? " ") }.count == 2)
        }
    }

    @Test func showsDifferencesThatPrintAlike() throws {
        #expect(try diff(["b.py": "x\n"], ["b.py": "x"]).contains("+x‹no line end›"))
        #expect(try diff(["b.py": "x\n"], ["b.py": "x\r\n"]).contains { $0.hasPrefix("+x\r") })
        #expect(try diff(["b.py": "\u{E9}\n"], ["b.py": "e\u{301}\n"]).count == 4)
        #expect(try diff(["b.py": "x\n"], ["b.py": "x\n"]).isEmpty)
    }

    @Test func whatItPrintsMakesTheNewTextOfTheOld() throws {
        var random = SplitMix64(seed: 7)
        for _ in 0..<200 {
            let (old, new) = (lines(&random), lines(&random))
            let shown = try diff(["b.py": old], ["b.py": new])
            let added = shown.filter { $0.hasPrefix("+l") }.map { $0.dropFirst() }
            let removed = shown.filter { $0.hasPrefix("-l") }.map { $0.dropFirst() }
            var counts: [Substring: Int] = [:]
            for line in old.split(separator: "\n") + added { counts[line, default: 0] += 1 }
            for line in new.split(separator: "\n") + removed { counts[line, default: 0] -= 1 }
            #expect(counts.values.allSatisfy { $0 == 0 })
        }
    }

    private func lines(_ random: inout SplitMix64) -> String {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in "l\(Int.random(in: 0...4, using: &random))\n" }.joined()
    }

    @Test func aLargeChangeIsShownWhole() throws {
        let (old, new) = ((0..<2_000).map { "a\($0)\n" }.joined(), (0..<2_000).map { "b\($0)\n" }.joined())
        #expect(try diff(["b.py": old], ["b.py": new]).count == 4_002)
    }
}
