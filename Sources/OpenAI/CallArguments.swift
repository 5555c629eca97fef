import JSON

/// Accumulates the fragments of a call's arguments.
struct CallArguments: Sendable {
    /// All fragments, concatenated.
    private(set) var joined = ""
    /// The last fragment, as long as each one starts with the whole previous one: some servers resend everything so
    /// far.
    private var repeated: String?
    private var scanner = JSONScanner()
    /// Whether the arguments are a complete object, so nothing can follow.
    private(set) var isComplete = false

    init(_ piece: String) {
        repeated = piece.isEmpty ? nil : piece
        append(piece)
    }

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

    /// Whether a fragment repeats the complete arguments.
    func isRepeated(by piece: String) -> Bool { isComplete && piece == joined }

    /// The final arguments.
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
