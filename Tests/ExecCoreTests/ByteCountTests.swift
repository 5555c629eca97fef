import ExecCore
import Testing

@Suite struct ByteCountTests {
    @Test(arguments: [
        ("1", 1, "1"), ("1024", 1024, "1k"), ("1b", 1, "1"), ("1k", 1024, "1k"), ("512m", 512 << 20, "512m"),
        ("1g", 1 << 30, "1g"), ("1G", 1 << 30, "1g"), ("1536m", 1536 << 20, "1536m"), ("2048m", 2 << 30, "2g"),
        ("007k", 7 << 10, "7k"), ("1000000", 1_000_000, "1000000"), ("8589934591g", 8_589_934_591 << 30, "8589934591g"),
    ])
    func readsASizeAndWritesItShortest(text: String, bytes: Int, written: String) {
        #expect(ByteCount(text)?.bytes == bytes)
        #expect(ByteCount(bytes: bytes).description == written)
    }

    @Test(arguments: [
        "", "g", "0", "0g", "-1", "+1", "1.5g", " 1", "1 g", "1gb", "1t", "1e3", "0x10", "١", "１", "g1", "1_000",
        "8589934592g", "99999999999999999999", "1\n", "1\u{301}",
    ])
    func refusesAnythingElse(text: String) {
        #expect(ByteCount(text) == nil)
    }
}
