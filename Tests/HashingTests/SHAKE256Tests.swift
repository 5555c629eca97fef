import Hashing
import TestSupport
import Testing

@Suite struct SHAKE256Tests {
    /// NIST's example of no message: more output than one permutation gives.
    @Test func isTheExampleOfTheEmptyMessage() {
        let output = """
            46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762fd75dc4ddd8c0f200cb05019d67b592f6fc82\
            1c49479ab48640292eacb3b7c4be141e96616fb13957692cc7edd0b45ae3dc07223c8e92937bef84bc0eab862853349ec755\
            46f58fb7c2775c38462c5010d846c185c15111e595522a6bcd16cf86f3d122109e3b1fdd943b6aec468a2d621a7c06c6a957\
            c62b54dafc3be87567d677231395f6147293b68ceab7a9e0c58d864e8efde4e1b9a46cbe854713672f5caaae314ed9083dab
            """
        #expect(Hex.digits(of: SHAKE256.digest(of: [], count: 200)) == output)
    }

    /// NIST's example of 1600 bits: more input than one permutation takes.
    @Test func isTheExampleOfALongMessage() {
        let output = """
            cd8a920ed141aa0407a22d59288652e9d9f1a7ee0c1e7c1ca699424da84a904d\
            2d700caae7396ece96604440577da4f3aa22aeb8857f961c4cd8e06f0ae6610b
            """
        let message = [UInt8](repeating: 0xA3, count: 200)
        #expect(Hex.digits(of: SHAKE256.digest(of: message, count: 64)) == output)
    }

    /// From the test vectors of NIST's validation program: SHAKE256ShortMsg.rsp and SHAKE256VariableOut.rsp.
    @Test(arguments: [
        (
            "0f",
            "aabb07488ff9edd05d6a603b7791b60a16d45093608f1badc0c9cc9a9154f215"
        ),
        (
            "21eda6",
            "f7d02b4512be5ddcc25d148c71664dfd34e16abea26d6e7287f45e08ed6fcd87"
        ),
        (
            "587cb398fe82ffda",
            "54f5dddb85f62dba7dc4727d502bdee959fb665bd482bd0ce31cbdd1a042e4b5"
        ),
        (
            "e34dc086477a69347b5d85d9e55345edeeb3fa8e05bc361ae6cb2efc1cd163",
            "9076470ef15650b75ad59780b1fb4265838dc3ed50bf17f2dd714d90a02d7d8e"
        ),
        (
            "ef896cdcb363a6159178a1bb1c993946c50402095cdaea4fd4d419aa47321c88",
            "7abba4e8b8dd766bbabe98f8f169cb6208674de19a51d73c92b7dc04a4b5ee3d"
        ),
        (
            "c61a9188812ae73994bc0d6d4021e31bf124dc72669749111232da7ac29e61c4",
            "23ce"
        ),
        (
            "29eade8f428791131625a160f95d97e8654f5ff93fdca8915c158c7344f2747a",
            "6d0e57"
        ),
        (
            "663b8a63fa83edcd444ae24de642a73ca1b2b43e606be6cf78fedc1f2e2ca220",
            "971b2a9de7"
        ),
        (
            "8d8001e2c096f1b88e7c9224a086efd4797fbf74a8033a2d422a2b6b8f6747e4",
            "2e975f6a8a14f0704d51b13667d8195c219f71e6345696"
        ),
    ])
    func isTheKnownAnswer(message: String, output: String) throws {
        let bytes = try #require(Hex.bytes(message))
        #expect(Hex.digits(of: SHAKE256.digest(of: bytes, count: output.count / 2)) == output)
    }

    @Test(arguments: [[], [0], [1, 135], [136], [135, 1, 1], [137, 135, 272], [300, 0, 7], [8, 8, 120, 136]])
    func piecesHaveTheOutputOfTheWhole(lengths: [Int]) {
        var (hash, whole) = (SHAKE256(), [UInt8]())
        for (number, length) in lengths.enumerated() {
            let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: length)
            hash.update(piece)
            whole += piece
            // Reading the output changes nothing.
            var output = hash.output
            #expect(output.next(50) == SHAKE256.digest(of: whole, count: 50))
        }
        let expected = SHAKE256.digest(of: whole, count: lengths.reduce(0, +))
        var output = hash.output
        #expect(lengths.flatMap { output.next($0) } == expected)
    }

    @Test func combinesTheNextBytesOfTheOutput() {
        let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let stream = SHAKE256.digest(of: [1], count: message.count)
        for cut in [0, 1, 7, 8, 9, 135, 136, 137, 500, 1000] {
            var hash = SHAKE256()
            hash.update([1])
            var (output, bytes) = (hash.output, message)
            bytes.withUnsafeMutableBytes { bytes in
                output.combine(with: UnsafeMutableRawBufferPointer(rebasing: bytes[..<cut]))
                output.combine(with: UnsafeMutableRawBufferPointer(rebasing: bytes[cut...]))
            }
            #expect(bytes == zip(message, stream).map { $0 ^ $1 }, "cut at \(cut)")
        }
    }

    /// Random messages in pieces of random lengths, and outputs of random lengths.
    @Test func agreesWithPython() async throws {
        var random = SplitMix64(seed: 202)
        let cases = (0..<200).map { _ in
            (message: random.bytes(atMost: 1200), count: Int.random(in: 0...1200, using: &random))
        }
        let expected = try await PythonHashes.lines(
            of: """
                message, count = line.split(",")
                print(hashlib.shake_256(bytes.fromhex(message)).hexdigest(int(count)))
                """, for: cases.map { "\(Hex.digits(of: $0.message)),\($0.count)" })
        try #require(expected.count == cases.count)
        for (each, digits) in zip(cases, expected) {
            var hash = SHAKE256()
            let cut = Int.random(in: 0...each.message.count, using: &random)
            hash.update(Array(each.message[..<cut]))
            hash.update(Array(each.message[cut...]))
            var output = hash.output
            let start = Int.random(in: 0...each.count, using: &random)
            let bytes = output.next(start) + output.next(each.count - start)
            #expect(Hex.digits(of: bytes) == digits, "\(each)")
        }
    }
}
