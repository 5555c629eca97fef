import Hashing
import TestSupport
import Testing

@Suite struct BLAKE2bTests {
    private static func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    }

    /// RFC 7693, appendix A.
    @Test func isTheExampleOfTheStandard() {
        let digest = """
            ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
            7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923
            """
        #expect(Hex.digits(of: BLAKE2b.digest(of: Array("abc".utf8))) == digest)
    }

    /// RFC 7693, appendix E: every length of digest, key and message that the self-test has.
    @Test func passesTheSelfTestOfTheStandard() {
        func sequence(_ count: Int, _ seed: Int) -> [UInt8] {
            var a: UInt32 = 0xDEAD_4BAD &* UInt32(seed)
            var b: UInt32 = 1
            return (0..<count).map { _ in
                (a, b) = (b, a &+ b)
                return UInt8(b >> 24)
            }
        }
        var all = BLAKE2b(size: 32)
        for size in [20, 32, 48, 64] {
            for length in [0, 3, 128, 129, 255, 1024] {
                let message = sequence(length, length)
                all.update(BLAKE2b.digest(of: message, size: size))
                all.update(BLAKE2b.digest(of: message, size: size, key: sequence(size, size)))
            }
        }
        #expect(Hex.digits(of: all.digest) == "c23a7800d98123bd10f506c61e29da5603d763b8bbad2e737f5e765a7bccd475")
    }

    /// The known answers that the authors of BLAKE2 publish (blake2-kat.json): the key is 00 01 … 3f, the message
    /// 00 01 … of this length.
    @Test(arguments: [
        (
            0,
            """
            10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786\
            b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568
            """
        ),
        (
            1,
            """
            961f6dd1e4dd30f63901690c512e78e4b45e4742ed197c3c5e45c549fd25f2e4\
            187b0bc9fe30492b16b0d0bc4ef9b0f34c7003fac09a5ef1532e69430234cebd
            """
        ),
        (
            2,
            """
            da2cfbe2d8409a0f38026113884f84b50156371ae304c4430173d08a99d9fb1b\
            983164a3770706d537f49e0c916d9f32b95cc37a95b99d857436f0232c88a965
            """
        ),
        (
            63,
            """
            bd965bf31e87d70327536f2a341cebc4768eca275fa05ef98f7f1b71a0351298\
            de006fba73fe6733ed01d75801b4a928e54231b38e38c562b2e33ea1284992fa
            """
        ),
        (
            64,
            """
            65676d800617972fbd87e4b9514e1c67402b7a331096d3bfac22f1abb95374ab\
            c942f16e9ab0ead33b87c91968a6e509e119ff07787b3ef483e1dcdccf6e3022
            """
        ),
        (
            65,
            """
            939fa189699c5d2c81ddd1ffc1fa207c970b6a3685bb29ce1d3e99d42f2f7442\
            da53e95a72907314f4588399a3ff5b0a92beb3f6be2694f9f86ecf2952d5b41c
            """
        ),
        (
            127,
            """
            76d2d819c92bce55fa8e092ab1bf9b9eab237a25267986cacf2b8ee14d214d73\
            0dc9a5aa2d7b596e86a1fd8fa0804c77402d2fcd45083688b218b1cdfa0dcbcb
            """
        ),
        (
            128,
            """
            72065ee4dd91c2d8509fa1fc28a37c7fc9fa7d5b3f8ad3d0d7a25626b57b1b44\
            788d4caf806290425f9890a3a2a35a905ab4b37acfd0da6e4517b2525c9651e4
            """
        ),
        (
            129,
            """
            64475dfe7600d7171bea0b394e27c9b00d8e74dd1e416a79473682ad3dfdbb70\
            6631558055cfc8a40e07bd015a4540dcdea15883cbbf31412df1de1cd4152b91
            """
        ),
        (
            254,
            """
            d444bfa2362a96df213d070e33fa841f51334e4e76866b8139e8af3bb3398be2\
            dfaddcbc56b9146de9f68118dc5829e74b0c28d7711907b121f9161cb92b69a9
            """
        ),
        (
            255,
            """
            142709d62e28fcccd0af97fad0f8465b971e82201dc51070faa0372aa43e9248\
            4be1c1e73ba10906d5d1853db6a4106e0a7bf9800d373d6dee2d46d62ef2a461
            """
        ),
    ])
    func isTheKnownAnswer(length: Int, digest: String) {
        #expect(Hex.digits(of: BLAKE2b.digest(of: Self.bytes(length), key: Self.bytes(64))) == digest)
    }

    /// The SHA-256 digests of all 256 known answers one after the other.
    @Test(arguments: [
        (0, "edb6025a7aba90e4ad1d5ccfc7485d26f988929ca564b1897e33d43a901efba2"),
        (64, "1ea7031a5a7e30868be784ec976e5b9677f27f22079303b158623d277187d4b0"),
    ])
    func areAllKnownAnswers(keyLength: Int, digest: String) {
        let key = Self.bytes(keyLength)
        let answers = (0..<256).flatMap { BLAKE2b.digest(of: Self.bytes($0), key: key) }
        #expect(SHA256.hexDigest(of: answers) == digest)
    }

    /// The example of Python's documentation.
    @Test func isPersonalized() {
        var hash = BLAKE2b(size: 32, personalization: Array("MyApp Files Hash".utf8))
        hash.update(Array("the same content".utf8))
        #expect(Hex.digits(of: hash.digest) == "20d9cd024d4fb086aae819a1432dd2466de12947831b75c5a30cf2676095d3b4")
    }

    @Test(arguments: [[], [0], [1, 127], [128], [127, 1, 1], [129, 127, 256], [300, 0, 7], [128, 128, 128]])
    func piecesHaveTheDigestOfTheWhole(lengths: [Int]) {
        for key in [[], Self.bytes(32)] {
            var hash = BLAKE2b(size: 16, key: key)
            var whole: [UInt8] = []
            for (number, length) in lengths.enumerated() {
                let piece = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: length)
                hash.update(piece)
                whole += piece
                // Reading the digest changes nothing.
                #expect(hash.digest == BLAKE2b.digest(of: whole, size: 16, key: key))
            }
            #expect(hash.digest == BLAKE2b.digest(of: whole, size: 16, key: key))
        }
    }

    @Test func whatIsTooLongStandsForItsDigest() {
        let long = Self.bytes(65)
        #expect(BLAKE2b(key: long).digest == BLAKE2b(key: BLAKE2b.digest(of: long)).digest)
        #expect(
            BLAKE2b(personalization: long).digest
                == BLAKE2b(personalization: BLAKE2b.digest(of: long, size: 16)).digest)
        #expect([0, 65].map { BLAKE2b(size: $0).digest.count } == [1, 64])
    }

    /// Random messages, keys, personalizations and digest sizes, in pieces of random lengths.
    @Test func agreesWithPython() async throws {
        var random = SplitMix64(seed: 7693)
        let cases = (0..<200).map { _ in
            (
                message: random.bytes(atMost: 1200), key: random.bytes(atMost: 64), person: random.bytes(atMost: 16),
                size: Int.random(in: 1...64, using: &random)
            )
        }
        let lines = cases.map { each in
            "\([each.message, each.key, each.person].map(Hex.digits).joined(separator: ",")),\(each.size)"
        }
        let expected = try await PythonHashes.lines(
            of: """
                message, key, person, size = line.split(",")
                print(hashlib.blake2b(bytes.fromhex(message), key=bytes.fromhex(key), person=bytes.fromhex(person),
                                      digest_size=int(size)).hexdigest())
                """, for: lines)
        try #require(expected.count == cases.count)
        for (each, digest) in zip(cases, expected) {
            var hash = BLAKE2b(size: each.size, key: each.key, personalization: each.person)
            let cut = Int.random(in: 0...each.message.count, using: &random)
            hash.update(Array(each.message[..<cut]))
            hash.update(Array(each.message[cut...]))
            #expect(Hex.digits(of: hash.digest) == digest, "\(each)")
        }
    }
}
