/// SHAKE-256 (FIPS 202): a hash with output of any length.
public struct SHAKE256: Sendable {
    /// How many bytes one permutation takes in or gives out.
    static let rate = 136

    private var lanes = [UInt64](repeating: 0, count: Keccak.laneCount)
    /// How many bytes of the current block are in.
    private var filled = 0

    /// A hash of no bytes yet, for bytes that come in pieces.
    public init() {}

    /// Adds the next bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds the next bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let filledBefore = filled
        filled = Self.withPointer(to: &lanes) { lanes in
            var (place, next) = (filledBefore, 0)
            while next < bytes.count {
                if place == 0, bytes.count - next >= Self.rate {
                    for lane in 0..<Self.rate / 8 {
                        let word = bytes.loadUnaligned(fromByteOffset: next + 8 * lane, as: UInt64.self)
                        lanes[lane] ^= UInt64(littleEndian: word)
                    }
                    next += Self.rate
                    Keccak.permute(lanes)
                    continue
                }
                lanes[place / 8] ^= UInt64(bytes[next]) << UInt64(8 * (place % 8))
                (place, next) = (place + 1, next + 1)
                if place == Self.rate {
                    Keccak.permute(lanes)
                    place = 0
                }
            }
            return place
        }
    }

    /// The output that belongs to the bytes so far, from its start.
    public var output: Output {
        var lanes = lanes
        // What marks this function (four ones), and the padding: a one at either end.
        lanes[filled / 8] ^= 0x1F << UInt64(8 * (filled % 8))
        lanes[Self.rate / 8 - 1] ^= 0x80 << 56
        return Output(lanes: lanes)
    }

    /// Returns the first `count` bytes of the output for `bytes`.
    public static func digest(of bytes: [UInt8], count: Int) -> [UInt8] {
        var hash = SHAKE256()
        hash.update(bytes)
        var output = hash.output
        return output.next(count)
    }

    /// Output of any length, read in pieces.
    public struct Output: Sendable {
        private var lanes: [UInt64]
        /// How many bytes of the current block are out.
        private var used = SHAKE256.rate

        fileprivate init(lanes: [UInt64]) {
            self.lanes = lanes
        }

        /// Returns the next bytes.
        public mutating func next(_ count: Int) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            bytes.withUnsafeMutableBytes { combine(with: $0) }
            return bytes
        }

        /// Combines the next bytes with `bytes` by exclusive or. If what was hashed is secret, this encrypts and
        /// decrypts.
        public mutating func combine(with bytes: UnsafeMutableRawBufferPointer) {
            let usedBefore = used
            used = SHAKE256.withPointer(to: &lanes) { lanes in
                var (place, next) = (usedBefore, 0)
                while next < bytes.count {
                    if place == SHAKE256.rate {
                        Keccak.permute(lanes)
                        place = 0
                    }
                    if place % 8 == 0, bytes.count - next >= 8 {
                        let word = bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self)
                        bytes.storeBytes(of: word ^ lanes[place / 8].littleEndian, toByteOffset: next, as: UInt64.self)
                        (place, next) = (place + 8, next + 8)
                    } else {
                        bytes[next] ^= UInt8(truncatingIfNeeded: lanes[place / 8] >> UInt64(8 * (place % 8)))
                        (place, next) = (place + 1, next + 1)
                    }
                }
                return place
            }
        }
    }

    fileprivate static func withPointer(
        to lanes: inout [UInt64], _ body: (UnsafeMutablePointer<UInt64>) -> Int
    ) -> Int {
        lanes.withUnsafeMutableBufferPointer { buffer in buffer.baseAddress.map(body) ?? 0 }
    }
}
