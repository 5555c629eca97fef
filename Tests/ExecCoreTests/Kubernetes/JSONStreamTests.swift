import JSON
import Testing

@testable import ExecCore

@Suite struct JSONStreamTests {
    private let text = Array(#"{"a": "}{\"", "b": {"c": [1]}}"#.utf8) + Array("\n{\n  \"d\": \"é\"\n}\nnoise\n{}".utf8)

    @Test(arguments: [1, 2, 3, 7, 1000])
    func splitsAnyPieces(size: Int) {
        var stream = JSONStream()
        var found: [JSON] = []
        for start in stride(from: 0, to: text.count, by: size) {
            found += text[start..<min(start + size, text.count)].withUnsafeBytes { stream.add($0) }
        }
        #expect(found == [["a": "}{\"", "b": ["c": [1]]], ["d": "é"], [:]])
    }

    @Test func keepsWhatIsNotComplete() {
        var stream = JSONStream()
        #expect(text.prefix(10).withUnsafeBytes { stream.add($0) }.isEmpty)
    }
}
