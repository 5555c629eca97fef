import JSON
import Testing

@testable import ExecAgent

@Suite struct ExcerptTests {
    @Test func keepsWhatFits() {
        #expect(Excerpt.of("abc", limit: 3) == "abc")
        #expect(Excerpt.ofResult(#"{"stdout":"abc"}"#, limit: 16) == #"{"stdout":"abc"}"#)
    }

    @Test func keepsTheHeadAndTheTail() {
        let text = "head" + String(repeating: ".", count: 10_000) + "tail"
        let cut = Excerpt.of(text, limit: 1000)
        #expect(cut.hasPrefix("head..."))
        #expect(cut.hasSuffix("...tail"))
        #expect(cut.contains("\n[… 9008 bytes are left out here; for the rest, write it to a file"))
        #expect(cut.utf8.count < 1200)
    }

    @Test(arguments: 0...20)
    func cutsNoCharacterInTwo(limit: Int) {
        let cut = Excerpt.of("é日🙂é日🙂é日🙂é日🙂", limit: limit)
        #expect(!cut.contains("\u{FFFD}"))
        #expect(cut.contains("left out"))
    }

    @Test func aCommandsResultStaysJSON() throws {
        let output = String(repeating: "line\n", count: 20_000)
        let result: JSON = ["exit_code": 1, "stdout": .string(output), "stderr": "the reason"]
        let cut = Excerpt.ofResult(result.text, limit: 10_000)
        let parsed = try JSON.parse(cut)
        #expect(parsed["exit_code"] == 1)
        #expect(parsed["stderr"] == "the reason")
        let shown = try #require(parsed["stdout"]?.stringValue)
        #expect(shown.hasPrefix("line\nline\n"))
        #expect(shown.hasSuffix("line\nline\n"))
        #expect(shown.contains("left out"))
        #expect(cut.utf8.count < 12_000)
    }

    @Test func bothStreamsAreCutWhereBothAreLong() throws {
        let output = String(repeating: "x", count: 20_000)
        let result: JSON = ["exit_code": 0, "stdout": .string(output), "stderr": .string(output)]
        let cut = Excerpt.ofResult(result.text, limit: 10_000)
        let parsed = try JSON.parse(cut)
        #expect(parsed["stdout"] == parsed["stderr"])
        #expect(cut.utf8.count < 11_000)
    }

    @Test func whatIsNotACommandsIsCutAsText() {
        let long = String(repeating: "x", count: 20_000)
        #expect(Excerpt.ofResult(#"{"other":"\#(long)"}"#, limit: 10_000).utf8.count < 10_200)
        #expect(Excerpt.ofResult(#"{"stdout":"","other":"\#(long)"}"#, limit: 5000).utf8.count < 5200)
    }
}
