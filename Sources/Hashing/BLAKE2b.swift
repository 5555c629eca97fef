/// BLAKE2b (RFC 7693): a hash that is faster than SHA-2. With a key it is a message authentication code.
public struct BLAKE2b: Sendable {
    /// The longest digest, and the longest key, in bytes.
    public static let maxSize = 64
    /// The longest personalization, in bytes.
    public static let maxPersonalization = 16
    private static let blockSize = 128
    private static let initialWords: [UInt64] = [
        0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b, 0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1, 0x9b05_688c_2b3e_6c1f, 0x1f83_d9ab_fb41_bd6b, 0x5be0_cd19_137e_2179,
    ]

    private let size: Int
    /// The chained value (8 words), then the bytes of the current block (16 words).
    private var words = [UInt64](repeating: 0, count: 24)
    /// How many bytes of the current block are in.
    private var filled = 0
    /// How many bytes were in the blocks before.
    private var processed: UInt64 = 0

    /// A hash of no bytes yet, for bytes that come in pieces.
    ///
    /// - Parameters:
    ///   - size: the length of the digest, clamped to 1 to ``maxSize`` bytes.
    ///   - key: at most ``maxSize`` bytes, empty for a plain hash; a longer one stands for its digest.
    ///   - personalization: separates this use from all others, at most ``maxPersonalization`` bytes; a longer one
    ///     stands for its digest of that length.
    public init(size: Int = BLAKE2b.maxSize, key: [UInt8] = [], personalization: [UInt8] = []) {
        let (size, key) = (min(max(size, 1), Self.maxSize), Self.shortened(key, to: Self.maxSize))
        let personalization = Self.shortened(personalization, to: Self.maxPersonalization)
        self.size = size
        words.replaceSubrange(0..<8, with: Self.initialWords)
        words[0] ^= 0x0101_0000 ^ UInt64(key.count) << 8 ^ UInt64(size)
        for (place, byte) in personalization.enumerated() {
            words[6 + place / 8] ^= UInt64(byte) << UInt64(8 * (place % 8))
        }
        if !key.isEmpty { update(key + [UInt8](repeating: 0, count: Self.blockSize - key.count)) }
    }

    /// Adds the next bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var (place, count, next) = (filled, processed, 0)
        words.withUnsafeMutableBytes { words in
            let block = UnsafeMutableRawBufferPointer(rebasing: words[64...])
            while next < bytes.count {
                // A block waits until something follows it: the last one is processed differently.
                if place == Self.blockSize {
                    count += UInt64(Self.blockSize)
                    Self.process(UnsafeRawBufferPointer(block), into: words, count: count, isLast: false)
                    place = 0
                }
                let left = bytes.count - next
                if place == 0, left > Self.blockSize {
                    count += UInt64(Self.blockSize)
                    let whole = UnsafeRawBufferPointer(rebasing: bytes[next..<next + Self.blockSize])
                    Self.process(whole, into: words, count: count, isLast: false)
                    next += Self.blockSize
                } else {
                    let piece = min(Self.blockSize - place, left)
                    let target = UnsafeMutableRawBufferPointer(rebasing: block[place..<place + piece])
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[next..<next + piece]))
                    (place, next) = (place + piece, next + piece)
                }
            }
        }
        (filled, processed) = (place, count)
    }

    /// The digest of the bytes so far.
    public var digest: [UInt8] {
        var words = words
        let (place, count) = (filled, processed + UInt64(filled))
        return words.withUnsafeMutableBytes { words in
            for empty in 64 + place..<64 + Self.blockSize { words[empty] = 0 }
            let block = UnsafeRawBufferPointer(rebasing: words[64...])
            Self.process(block, into: words, count: count, isLast: true)
            for word in 0..<8 {
                let value = words.load(fromByteOffset: 8 * word, as: UInt64.self)
                words.storeBytes(of: value.littleEndian, toByteOffset: 8 * word, as: UInt64.self)
            }
            return Array(words[..<size])
        }
    }

    /// Returns the digest of `bytes`.
    public static func digest(of bytes: [UInt8], size: Int = BLAKE2b.maxSize, key: [UInt8] = []) -> [UInt8] {
        var hash = BLAKE2b(size: size, key: key)
        hash.update(bytes)
        return hash.digest
    }

    private static func shortened(_ bytes: [UInt8], to limit: Int) -> [UInt8] {
        bytes.count > limit ? digest(of: bytes, size: limit) : bytes
    }

    /// Changes the chained value, which is at the start of `words`, by one block.
    ///
    /// - Parameter count: the number of bytes so far, with this block.
    private static func process(
        _ block: UnsafeRawBufferPointer, into words: UnsafeMutableRawBufferPointer, count: UInt64, isLast: Bool
    ) {
        func part(_ place: Int) -> UInt64 {
            UInt64(littleEndian: block.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
        }
        func chained(_ place: Int) -> UInt64 { words.load(fromByteOffset: 8 * place, as: UInt64.self) }
        let (m0, m1, m2, m3, m4, m5, m6, m7) = (part(0), part(1), part(2), part(3), part(4), part(5), part(6), part(7))
        let (m8, m9, m10, m11) = (part(8), part(9), part(10), part(11))
        let (m12, m13, m14, m15) = (part(12), part(13), part(14), part(15))
        var mixed = MixedWords(
            v0: chained(0), v1: chained(1), v2: chained(2), v3: chained(3), v4: chained(4), v5: chained(5),
            v6: chained(6), v7: chained(7), v8: initialWords[0], v9: initialWords[1], v10: initialWords[2],
            v11: initialWords[3], v12: initialWords[4] ^ count, v13: initialWords[5],
            v14: isLast ? ~initialWords[6] : initialWords[6], v15: initialWords[7])
        mixed.round(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
        mixed.round(m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3)
        mixed.round(m11, m8, m12, m0, m5, m2, m15, m13, m10, m14, m3, m6, m7, m1, m9, m4)
        mixed.round(m7, m9, m3, m1, m13, m12, m11, m14, m2, m6, m5, m10, m4, m0, m15, m8)
        mixed.round(m9, m0, m5, m7, m2, m4, m10, m15, m14, m1, m11, m12, m6, m8, m3, m13)
        mixed.round(m2, m12, m6, m10, m0, m11, m8, m3, m4, m13, m7, m5, m15, m14, m1, m9)
        mixed.round(m12, m5, m1, m15, m14, m13, m4, m10, m0, m7, m6, m3, m9, m2, m8, m11)
        mixed.round(m13, m11, m7, m14, m12, m1, m3, m9, m5, m0, m15, m4, m8, m6, m2, m10)
        mixed.round(m6, m15, m14, m9, m11, m3, m0, m8, m12, m2, m13, m7, m1, m4, m10, m5)
        mixed.round(m10, m2, m8, m4, m7, m6, m1, m5, m15, m11, m9, m14, m3, m12, m13, m0)
        mixed.round(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
        mixed.round(m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3)
        func chain(_ place: Int, _ value: UInt64) {
            words.storeBytes(of: chained(place) ^ value, toByteOffset: 8 * place, as: UInt64.self)
        }
        chain(0, mixed.v0 ^ mixed.v8)
        chain(1, mixed.v1 ^ mixed.v9)
        chain(2, mixed.v2 ^ mixed.v10)
        chain(3, mixed.v3 ^ mixed.v11)
        chain(4, mixed.v4 ^ mixed.v12)
        chain(5, mixed.v5 ^ mixed.v13)
        chain(6, mixed.v6 ^ mixed.v14)
        chain(7, mixed.v7 ^ mixed.v15)
    }
}

extension BLAKE2b {
    /// The words that are mixed for one block. Fields, because the compiler keeps them in registers.
    fileprivate struct MixedWords {
        var v0, v1, v2, v3, v4, v5, v6, v7: UInt64
        var v8, v9, v10, v11, v12, v13, v14, v15: UInt64

        @inline(__always)
        mutating func round(
            _ m0: UInt64, _ m1: UInt64, _ m2: UInt64, _ m3: UInt64, _ m4: UInt64, _ m5: UInt64, _ m6: UInt64,
            _ m7: UInt64, _ m8: UInt64, _ m9: UInt64, _ m10: UInt64, _ m11: UInt64, _ m12: UInt64, _ m13: UInt64,
            _ m14: UInt64, _ m15: UInt64
        ) {
            Self.mix(&v0, &v4, &v8, &v12, m0, m1)
            Self.mix(&v1, &v5, &v9, &v13, m2, m3)
            Self.mix(&v2, &v6, &v10, &v14, m4, m5)
            Self.mix(&v3, &v7, &v11, &v15, m6, m7)
            Self.mix(&v0, &v5, &v10, &v15, m8, m9)
            Self.mix(&v1, &v6, &v11, &v12, m10, m11)
            Self.mix(&v2, &v7, &v8, &v13, m12, m13)
            Self.mix(&v3, &v4, &v9, &v14, m14, m15)
        }

        @inline(__always)
        private static func mix(
            _ a: inout UInt64, _ b: inout UInt64, _ c: inout UInt64, _ d: inout UInt64, _ x: UInt64, _ y: UInt64
        ) {
            a = a &+ b &+ x
            d = rotated(d ^ a, by: 32)
            c = c &+ d
            b = rotated(b ^ c, by: 24)
            a = a &+ b &+ y
            d = rotated(d ^ a, by: 16)
            c = c &+ d
            b = rotated(b ^ c, by: 63)
        }

        @inline(__always)
        private static func rotated(_ word: UInt64, by count: UInt64) -> UInt64 {
            word &>> count | word &<< (64 &- count)
        }
    }
}
