import TestSupport

/// Makes inputs out of others by chance. The same seed makes the same row.
struct Mutator {
    /// What the readers under test take for more than a letter.
    private static let signs = Array("\n\r\t \0\"'\\{}[],:#-=./%|>~0_é\u{301}".utf8) + [0x80, 0xFF, 0x7F]

    private let corpus: [[UInt8]]
    private var random: SplitMix64

    /// - Parameter corpus: what to begin with, not empty.
    init(corpus: [[UInt8]], seed: UInt64) {
        self.corpus = corpus
        random = SplitMix64(seed: seed)
    }

    mutating func next() -> [UInt8] {
        var bytes = random.pick(corpus)
        for _ in 0..<Int.random(in: 1...5, using: &random) { mutate(&bytes) }
        return bytes
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        let range = range(in: bytes)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes.replaceSubrange(range, with: [random.pick(Self.signs)])
        case 1: bytes.insert(random.pick(Self.signs), at: range.lowerBound)
        case 2: bytes.removeSubrange(range)
        case 3: bytes.insert(contentsOf: bytes[range], at: range.upperBound)
        case 4:
            let other = random.pick(corpus)
            bytes.replaceSubrange(range, with: other[self.range(in: other)])
        default:
            guard range.lowerBound < bytes.count else { return }
            bytes[range.lowerBound] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
    }

    /// A part, mostly a small one.
    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = Int.random(in: 0...bytes.count, using: &random)
        let longest = Bool.random(using: &random) ? 4 : 40
        return start..<min(bytes.count, start + Int.random(in: 0...longest, using: &random))
    }
}
