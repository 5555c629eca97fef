import ChildProcess
import Hashing
import TestSupport
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4 and of its test vectors.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func knowsThePublishedExamples(text: String, digest: String) {
        #expect(SHA256.hexDigest(of: Array(text.utf8)) == digest)
    }

    @Test(arguments: [
        [], [0], [1, 63], [64], [63, 1, 1], [65, 63, 128], [200, 0, 7], Array(repeating: 1, count: 130),
    ])
    func piecesHaveTheDigestOfTheWhole(lengths: [Int]) {
        var hash = SHA256()
        var whole: [UInt8] = []
        for (number, length) in lengths.enumerated() {
            let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: length)
            hash.update(piece)
            whole += piece
            #expect(hash.hexDigest == SHA256.hexDigest(of: whole))
        }
        #expect(hash.hexDigest == SHA256.hexDigest(of: whole))
    }

    /// Every length around the ends of blocks, against the system's own program.
    @Test func agreesWithTheSystem() async throws {
        let directory = try TemporaryDirectory()
        let contents = (Array(0...130) + [4095, 4096, 4097]).map { length in
            (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ length) }
        }
        let files = try contents.map { try directory.write($0, to: String(10_000 + $0.count)) }
        let run = try await Command(executable: "/usr/bin/sha256sum", arguments: files).run(timeout: 60)
        let lines = String(decoding: run.output, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == contents.count)
        for (content, line) in zip(contents, lines) {
            #expect(line.hasPrefix(SHA256.hexDigest(of: content)), "\(content.count) bytes")
        }
    }
}
