import SystemCalls
import Testing

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("a-B_1.~", "a-B_1.~"), ("a b/c", "a%20b%2Fc"), ("é%", "%C3%A9%25"), ("\u{0}\n", "%00%0A"),
    ])
    func encodesAllButUnreservedCharacters(text: String, encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
        #expect(PercentEncoding.decode(path: encoded) == text)
        #expect(PercentEncoding.decode(path: encoded.lowercased()) == text.lowercased())
    }

    @Test(arguments: ["%", "%4", "%4g", "%+1", "% 1", "a%", "%%41"])
    func decodesNoEscapeThatIsNone(text: String) {
        #expect(PercentEncoding.decode(text.utf8) == nil)
        #expect(PercentEncoding.decode(path: text) == nil)
    }

    @Test func decodesBytesThatAreNoText() {
        #expect(PercentEncoding.decode("%FFa?".utf8) == [0xFF, 0x61, 0x3F])
        for text in ["%FF", "a?b", "a#"] { #expect(PercentEncoding.decode(path: text) == nil) }
        #expect(PercentEncoding.decode(path: "%3F%23") == "?#")
    }
}
