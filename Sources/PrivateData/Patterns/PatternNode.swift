/// A parsed pattern.
indirect enum PatternNode: Sendable, Equatable {
    /// One byte of a set.
    case byte(ByteSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// `max` is `nil` for any number.
    case repeated(PatternNode, min: Int, max: Int?)

    /// Any character but a line end, in UTF-8.
    static let anyCharacter = PatternNode.choice(
        [
            .byte(ByteSet(0x00...0x7F).subtracting(ByteSet([0x0A, 0x0D])))
        ] + multibyteCharacters)

    /// The characters beyond ASCII.
    static let multibyteCharacters: [PatternNode] = [
        .sequence([.byte(ByteSet(0xC2...0xDF)), continuation]),
        .sequence([.byte(ByteSet(0xE0...0xEF)), continuation, continuation]),
        .sequence([.byte(ByteSet(0xF0...0xF4)), continuation, continuation, continuation]),
    ]

    private static let continuation = PatternNode.byte(ByteSet(0x80...0xBF))

    /// Whether it matches the empty text.
    var matchesNothing: Bool {
        switch self {
        case .byte: false
        case .sequence(let parts): parts.allSatisfy(\.matchesNothing)
        case .choice(let parts): parts.contains(where: \.matchesNothing)
        case .repeated(let part, let min, _): min == 0 || part.matchesNothing
        }
    }

    /// How many states it takes.
    var size: Int {
        switch self {
        case .byte: 1
        case .sequence(let parts), .choice(let parts): parts.reduce(1) { min($0 + $1.size, 1_000_000) }
        case .repeated(let part, let min, let max): Swift.min((max ?? min + 1) * part.size + 2, 1_000_000)
        }
    }
}
