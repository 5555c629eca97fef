import TestSupport
import Testing

@testable import ExecCore

/// Chunks of output as lines.
@Suite struct LineBufferTests {
    private func lines(of chunks: [[UInt8]], limit: Int) -> [String] {
        let lines = Recorder<String>()
        let buffer = LineBuffer(lineLimit: limit) { lines.record($0) }
        for chunk in chunks { chunk.withUnsafeBytes { buffer.add($0) } }
        buffer.finish()
        return lines.elements
    }

    @Test func aLineMayComeInPartsAndEndWithAReturn() {
        #expect(
            lines(of: [Array("on".utf8), Array("e\ntwo\rth".utf8), Array("ree".utf8)], limit: 100) == [
                "one", "two", "three",
            ])
    }

    @Test(arguments: [3, 4, 5, 6])
    func aLineThatIsTooLongIsCutBetweenCharacters(limit: Int) {
        #expect(
            lines(of: [Array("ab漢字\nnext".utf8)], limit: limit) == [
                limit < 5 ? "ab" : "ab漢", String("next".prefix(limit)),
            ])
    }
}
