import JSON

/// The arguments of a call as its pieces add up to them.
struct CallArguments: Sendable {
    /// All pieces, one after the other.
    private(set) var joined = ""
    /// The last piece, where each began with all of the one before it: some servers repeat what they sent.
    private var repeated: String?
    private var scanner = JSONScanner()
    /// Whether the arguments are a whole object, so that nothing can follow.
    private(set) var isComplete = false

    /// Nothing but a first piece.
    init(_ piece: String) {
        repeated = piece.isEmpty ? nil : piece
        append(piece)
    }

    /// Adds the next piece.
    mutating func add(_ piece: String) {
        guard !piece.isEmpty else { return }
        if joined.isEmpty {
            repeated = piece
        } else if let last = repeated, !piece.hasPrefix(last) {
            repeated = nil
        } else if repeated != nil {
            repeated = piece
        }
        append(piece)
    }

    private mutating func append(_ piece: String) {
        joined += piece
        for byte in piece.utf8 {
            if byte > 0x20 { isComplete = false }
            if scanner.advance(over: byte) == .close { isComplete = scanner.depth == 0 }
        }
    }

    /// Whether a piece says all of it once more.
    func isRepeated(by piece: String) -> Bool { isComplete && piece == joined }

    /// What they are in the end.
    var text: String {
        guard let repeated, repeated.utf8.count < joined.utf8.count, !Self.isObject(joined), Self.isObject(repeated)
        else {
            return joined
        }
        return repeated
    }

    private static func isObject(_ text: String) -> Bool {
        (try? JSON.parseModelText(Array(text.utf8)))?.objectValue != nil
    }
}
