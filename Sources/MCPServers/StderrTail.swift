import Threading

/// The last lines that a program wrote to its standard error, bounded.
final class StderrTail: Sendable {
    private static let maxLines = 3
    private static let lineLength = 200

    private let lines = Locked<[String]>([])

    /// Adds a line; one without text does not count.
    func add(_ line: String) {
        let text = String(String(line.unicodeScalars.prefix(Self.lineLength)).trimmingBlanks)
        guard !text.isEmpty else { return }
        lines.withLock { lines in
            lines.append(text)
            if lines.count > Self.maxLines { lines.removeFirst() }
        }
    }

    /// Forgets them.
    func clear() {
        lines.withLock { $0 = [] }
    }

    /// The lines in one; empty for none.
    var text: String { lines.withLock { $0.joined(separator: " / ") } }
}

extension String {
    /// The text without blanks at its ends.
    fileprivate var trimmingBlanks: Substring {
        let start = drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...end]
    }
}
