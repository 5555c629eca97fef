import TestSupport
import Testing

@testable import ExecMCP

@Suite struct EncodedTextTests {
    /// Files without a value must reach the client as they are, whatever is in them.
    @Test func whatIsDecodedIsWrittenBackByteForByte() {
        var random = SplitMix64(seed: 16)
        var (decoded, others) = (0, 0)
        for round in 0..<20_000 {
            let alphabet: [UInt8] =
                switch round % 4 {
                case 0: Array(0...255)
                case 1: Array(0x20...0x7E)
                case 2: Array(0x20...0x7E) + Array(0x80...0xFF) + [9, 10, 13]
                default: [0x41, 0xC3, 0xA9, 0xE2, 0x80, 0xAF, 0xD8, 0x00]
                }
            var bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            if round % 3 == 0 { bytes = (Bool.random(using: &random) ? [0xFF, 0xFE] : [0xFE, 0xFF]) + bytes }
            guard let encoded = EncodedText(bytes) else {
                others += 1
                continue
            }
            decoded += 1
            #expect(encoded.bytes(of: encoded.text) == bytes)
        }
        #expect(decoded > 1000 && others > 1000)
    }

    @Test(arguments: [false, true])
    func utf16NeedsNoMark(isBigEndian: Bool) throws {
        let text = "name,mail\r\nZoë 👋,ann@example.org\n"
        let bytes = text.utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(unit & 0xFF))
            return isBigEndian ? [high, low] : [low, high]
        }
        let encoded = try #require(EncodedText(bytes))
        #expect(encoded.text == text)
        #expect(encoded.bytes(of: encoded.text) == bytes)
    }

    @Test(
        arguments: [
            [0x41, 0], [0xFF, 0xD8, 0xFF, 0xE0, 0x10], [0xE9, 0x1B], [0xFF, 0xFE, 0x00, 0xD8],
            // Small numbers of 16 and of 32 bits, half a unit, half a pair, and more of other scripts than of ASCII.
            [1, 0, 2, 0, 3, 0, 4, 0, 5, 0], [0x41, 0, 0, 0, 0x42, 0, 0, 0], [0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x41],
            [0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x00, 0xD8], [0x41, 0, 0x42, 0, 0x31, 0x04, 0x31, 0x04, 0x31, 0x04],
        ] as [[UInt8]])
    func whatIsNotTextIsLeftAlone(bytes: [UInt8]) {
        #expect(EncodedText(bytes) == nil)
    }
}
