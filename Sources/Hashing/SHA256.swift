/// SHA-256 (FIPS 180-4).
public struct SHA256: Sendable {
    private static let constants: [UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]

    private var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var schedule = [UInt32](repeating: 0, count: 64)

    /// Bytes that don't fill a block yet.
    private var rest: [UInt8] = []
    private var count = 0

    /// A digest of no bytes yet, for bytes that come in pieces.
    public init() {}

    /// Adds the next bytes.
    public mutating func update(_ bytes: [UInt8]) {
        count += bytes.count
        var start = 0
        if !rest.isEmpty {
            start = min(64 - rest.count, bytes.count)
            rest += bytes[..<start]
            guard rest.count == 64 else { return }
            let block = rest
            rest = []
            block.withUnsafeBytes { process($0) }
        }
        let end = start + (bytes.count - start) / 64 * 64
        bytes.withUnsafeBytes { buffer in
            for place in stride(from: start, to: end, by: 64) {
                process(UnsafeRawBufferPointer(rebasing: buffer[place..<place + 64]))
            }
        }
        rest += bytes[end...]
    }

    /// The digest of the bytes so far, as 64 lowercase hexadecimal digits.
    public var hexDigest: String {
        var hash = self
        return Self.hexDigits(of: hash.finish(rest[...], count))
    }

    /// The digest of the bytes so far, 32 bytes.
    public var digest: [UInt8] {
        var hash = self
        return Self.bytes(of: hash.finish(rest[...], count))
    }

    /// Returns the digest of `bytes` as 64 lowercase hexadecimal digits.
    public static func hexDigest(of bytes: [UInt8]) -> String {
        bytes.withUnsafeBytes { hexDigest(of: $0) }
    }

    /// Returns the digest of a text's UTF-8 bytes as 64 lowercase hexadecimal digits. Doesn't copy a long text.
    public static func hexDigest(of text: String) -> String {
        var text = text
        return text.withUTF8 { hexDigest(of: UnsafeRawBufferPointer($0)) }
    }

    /// Returns the digest of `bytes`, 32 bytes.
    public static func digest(of bytes: [UInt8]) -> [UInt8] {
        Self.bytes(of: bytes.withUnsafeBytes { words(of: $0) })
    }

    private static func bytes(of words: [UInt32]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(words.count * 4)
        for word in words { withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) } }
        return bytes
    }

    private static func hexDigest(of bytes: UnsafeRawBufferPointer) -> String { hexDigits(of: words(of: bytes)) }

    private static func hexDigits(of words: [UInt32]) -> String {
        words.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    private static func words(of bytes: UnsafeRawBufferPointer) -> [UInt32] {
        var hash = SHA256()
        let whole = bytes.count / 64 * 64
        for start in stride(from: 0, to: whole, by: 64) {
            hash.process(UnsafeRawBufferPointer(rebasing: bytes[start..<start + 64]))
        }
        return hash.finish(Array(bytes[whole...])[...], bytes.count)
    }

    /// Processes the padding: the remaining bytes, a marker, zeros up to the last eight bytes of a block, and the length
    /// in bits.
    ///
    /// - Parameters:
    ///   - rest: the bytes after the last whole block.
    ///   - count: the number of all bytes.
    private mutating func finish(_ rest: ArraySlice<UInt8>, _ count: Int) -> [UInt32] {
        var tail: [UInt8] = []
        tail.reserveCapacity(128)
        tail += rest
        tail.append(0x80)
        for _ in 0..<(120 - tail.count) % 64 { tail.append(0) }
        withUnsafeBytes(of: (UInt64(count) * 8).bigEndian) { tail.append(contentsOf: $0) }
        tail.withUnsafeBytes { buffer in
            for start in stride(from: 0, to: buffer.count, by: 64) {
                process(UnsafeRawBufferPointer(rebasing: buffer[start..<start + 64]))
            }
        }
        return state
    }

    private mutating func process(_ block: UnsafeRawBufferPointer) {
        schedule.withUnsafeMutableBufferPointer { words in
            for place in 0..<16 {
                words[place] = UInt32(bigEndian: block.loadUnaligned(fromByteOffset: place * 4, as: UInt32.self))
            }
            for place in 16..<64 {
                let (early, late) = (words[place - 15], words[place - 2])
                let first = Self.rotate(early, 7) ^ Self.rotate(early, 18) ^ early >> 3
                let second = Self.rotate(late, 17) ^ Self.rotate(late, 19) ^ late >> 10
                words[place] = words[place - 16] &+ first &+ words[place - 7] &+ second
            }
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        Self.constants.withUnsafeBufferPointer { constants in
            schedule.withUnsafeBufferPointer { words in
                for place in 0..<64 {
                    let sum1 = Self.rotate(e, 6) ^ Self.rotate(e, 11) ^ Self.rotate(e, 25)
                    let temporary1 = h &+ sum1 &+ (e & f ^ ~e & g) &+ constants[place] &+ words[place]
                    let sum0 = Self.rotate(a, 2) ^ Self.rotate(a, 13) ^ Self.rotate(a, 22)
                    let temporary2 = sum0 &+ (a & b ^ a & c ^ b & c)
                    (h, g, f, e, d, c, b, a) = (g, f, e, d &+ temporary1, c, b, a, temporary1 &+ temporary2)
                }
            }
        }
        for (place, value) in [a, b, c, d, e, f, g, h].enumerated() { state[place] &+= value }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word >> count | word << (32 - count)
    }
}
