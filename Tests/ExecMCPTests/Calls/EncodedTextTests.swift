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

    @Test(
        arguments: [
            [0x41, 0], [0xFF, 0xD8, 0xFF, 0xE0, 0x10], [0xE9, 0x1B], [0xFF, 0xFE, 0x00, 0xD8],
        ] as [[UInt8]])
    func whatIsNotTextIsLeftAlone(bytes: [UInt8]) {
        #expect(EncodedText(bytes) == nil)
    }
}
