/// A set of bytes.
struct ByteSet: Sendable, Hashable {
    private(set) var words: SIMD4<UInt64> = .zero

    init() {}

    init(_ range: ClosedRange<UInt8>) {
        for byte in range { insert(byte) }
    }

    init(_ bytes: [UInt8]) {
        for byte in bytes { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    mutating func formUnion(_ other: ByteSet) { words |= other.words }
    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

    func subtracting(_ other: ByteSet) -> ByteSet {
        var rest = self
        rest.words &= ~other.words
        return rest
    }

    /// With both cases of each letter.
    var ignoringCase: ByteSet {
        var set = self
        for byte in UInt8(ascii: "A")...UInt8(ascii: "Z") where contains(byte) { set.insert(byte | 0x20) }
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z") where contains(byte) { set.insert(byte & 0xDF) }
        return set
    }

    static let ascii = ByteSet(0x00...0x7F)
    static let digits = ByteSet(0x30...0x39)
    static let spaces = ByteSet([0x20, 0x09, 0x0B, 0x0C])
    static let word: ByteSet = {
        var set = ByteSet(0x30...0x39)
        set.formUnion(ByteSet(0x41...0x5A))
        set.formUnion(ByteSet(0x61...0x7A))
        set.insert(UInt8(ascii: "_"))
        return set
    }()
    static let lineEnds = ByteSet([0x0A, 0x0D])
}
