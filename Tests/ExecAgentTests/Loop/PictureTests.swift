import Foundation
import MCP
import TestSupport
import Testing

@testable import ExecAgent

/// Small pictures, made by hand.
enum SamplePicture {
    /// A whole PNG that says that it has this size.
    static func png(width: Int = 1, height: Int = 1, data: [UInt8] = [0x78, 0x9C, 1, 2]) -> [UInt8] {
        let head = big(width, 4) + big(height, 4) + [8, 2, 0, 0, 0]
        return PNG.signature + chunk("IHDR", head) + chunk("IDAT", data) + chunk("IEND", [])
    }

    static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        var sum = ~UInt32(0)
        for byte in Array(name.utf8) + data {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        return big(data.count, 4) + Array(name.utf8) + data + big(Int(~sum), 4)
    }

    static func jpeg(width: Int = 3, height: Int = 2) -> [UInt8] {
        // With a small picture inside the first segment, which has an end of its own.
        [0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9] + [0xFF, 0xC4, 0, 3, 0]
            + [0xFF, 0xFF, 0xC2, 0, 8, 8] + big(height, 2) + big(width, 2) + [1] + [0xFF, 0xDA, 0, 3, 0]
            + [1, 0xFF, 0, 2, 0xFF, 0xD9]
    }

    static func gif(width: Int = 3, height: Int = 2) -> [UInt8] {
        Array("GIF89a".utf8) + little(width, 2) + little(height, 2) + [0x80, 0, 0] + Array(repeating: 9, count: 6)
            + [0x21, 0xF9, 2, 1, 1, 0] + [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0x81] + Array(repeating: 9, count: 12)
            + [2, 2, 0x3B, 0x3B, 1, 7, 0] + [0x3B]
    }

    static func webp(_ kind: String, width: Int = 3, height: Int = 2) -> [UInt8] {
        let body: [UInt8] =
            switch kind {
            case "VP8X": [0, 0, 0, 0] + little(width - 1, 3) + little(height - 1, 3)
            case "VP8L": [0x2F] + little((width - 1) | (height - 1) << 14, 4)
            default: [0, 0, 0, 0x9D, 0x01, 0x2A] + little(width, 2) + little(height, 2)
            }
        let chunk = Array(kind.utf8) + little(body.count, 4) + body
        return Array("RIFF".utf8) + little(chunk.count + 4, 4) + Array("WEBP".utf8) + chunk
    }

    private static func big(_ number: Int, _ length: Int) -> [UInt8] { little(number, length).reversed() }

    private static func little(_ number: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

@Suite struct PictureTests {
    private static let whole: [(bytes: [UInt8], mediaType: String)] = [
        (SamplePicture.png(width: 3, height: 2), "image/png"), (SamplePicture.jpeg(), "image/jpeg"),
        (SamplePicture.gif(), "image/gif"), (SamplePicture.webp("VP8X"), "image/webp"),
        (SamplePicture.webp("VP8L"), "image/webp"), (SamplePicture.webp("VP8 "), "image/webp"),
    ]

    @Test func readsTheSizeOfEachFormat() throws {
        for (bytes, mediaType) in Self.whole {
            let picture = try Picture(bytes)
            #expect(picture.mediaType == mediaType)
            #expect(picture.width == 3, "\(mediaType)")
            #expect(picture.height == 2, "\(mediaType)")
        }
    }

    @Test func noPartOfAPictureIsOne() {
        for (bytes, mediaType) in Self.whole {
            for count in 0..<bytes.count {
                let part = Array(bytes[..<count])
                #expect(throws: PictureError.self, "\(mediaType) of \(count) bytes") { try Picture(part) }
            }
        }
    }

    @Test(
        arguments: [
            (Array("<svg/>".utf8), "not a PNG, JPEG, GIF or WebP"), ([], "not a PNG, JPEG, GIF or WebP"),
            (PNG.signature + SamplePicture.chunk("IDAT", [1]), "a PNG without a header"),
            (SamplePicture.png().dropLast(16) + SamplePicture.chunk("IEND", []), "a damaged PNG: a checksum is wrong"),
            (PNG.signature + SamplePicture.png()[8..<33] + SamplePicture.chunk("IEND", []), "a PNG without data"),
            (SamplePicture.png(width: 0), "without a size"), (SamplePicture.jpeg(width: 0), "without a size"),
            ([0xFF, 0xD8, 0xFF, 0xD9, 0, 1, 0, 0], "a damaged JPEG"),
            (SamplePicture.gif()[..<19] + [0x3B], "a GIF without an image"),
            (SamplePicture.gif()[..<19] + [0x55], "a damaged GIF"), (SamplePicture.webp("ALPH"), "a damaged WebP"),
            (Array(SamplePicture.png()[..<40]), "truncated after 40 bytes"),
        ] as [([UInt8], String)])
    func saysWhatIsWrong(bytes: [UInt8], reason: String) {
        #expect(throws: PictureError(reason: reason)) { try Picture(bytes) }
    }

    @Test func anyBytesAreAPictureOrNone() {
        var random = SplitMix64(seed: 4)
        var taken = 0
        for _ in 0..<5000 {
            var bytes = random.pick(Self.whole).bytes
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            taken += (try? Picture(bytes)) == nil ? 0 : 1
        }
        #expect(taken > 0)
    }

    private func shown(_ data: [UInt8], as mediaType: String = "image/png") -> ToolResultText {
        ToolResultText(
            ToolOutcome(content: [.text("a plot"), .image(data: data, mediaType: mediaType)]),
            settings: AgentSettings(model: "m"))
    }

    @Test(arguments: [(8000, 8000, true), (8001, 1, false), (1, 8001, false), (30_000, 30_000, false)])
    func aPictureOfTooManyPixelsIsLeftOutInWords(width: Int, height: Int, isShown: Bool) {
        let result = shown(SamplePicture.png(width: width, height: height))
        #expect(result.imageAddresses.isEmpty != isShown)
        #expect(result.text.hasPrefix("a plot\n[a picture, image/png, "))
        let reason = "it is not shown, because \(width) x \(height) pixels are more than 8000"
        #expect(result.text.contains(reason) != isShown)
    }

    @Test func aPictureThatIsNoneIsLeftOutInWords() {
        let result = shown(Array(SamplePicture.png()[..<40]))
        #expect(result.imageAddresses.isEmpty)
        #expect(result.text.hasSuffix("it is not shown, because it is truncated after 40 bytes]"))
    }

    @Test func theTypeOfAPictureIsWhatItsBytesSay() {
        let result = shown(SamplePicture.gif(), as: "image/png")
        #expect(result.imageAddresses.first?.hasPrefix("data:image/gif;base64,") == true)
    }

    @Test func anArtifactIsCalledWhatItsAddressSays() {
        let links = [
            ("artifact:///caf%C3%A9.txt", "x"), ("artifact:///cafe%CC%81.txt", "x"), ("artifact:///%CC%81", "y"),
            ("artifact:///a/b", "z"), ("file:///a", "w"),
        ].map { ContentBlock.resourceLink(uri: $0, name: $1, mediaType: "text/plain", size: nil) }
        let result = ToolResultText(ToolOutcome(content: links), settings: AgentSettings(model: "m"))
        let names = ["caf\u{E9}.txt", "cafe\u{301}.txt", "\u{301}"]
        #expect(result.artifacts.map { Array($0.utf8) } == names.map { Array($0.utf8) })
    }
}
