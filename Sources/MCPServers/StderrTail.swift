import Threading

/// The last lines of a program's standard error, bounded.
final class StderrTail: Sendable {
    private static let maxLines = 3
    private static let lineLength = 200

    private let lines = Locked<[String]>([])

    /// Adds a line; ignores blank ones.
    func add(_ line: String) {
        let text = String(String(line.unicodeScalars.prefix(Self.lineLength)).trimmingBlanks)
        guard !text.isEmpty else { return }
        lines.withLock { lines in
            lines.append(text)
            if lines.count > Self.maxLines { lines.removeFirst() }
        }
    }

    /// Removes all lines.
    func clear() {
        lines.withLock { $0 = [] }
    }

    /// The lines joined into one; empty if none.
    var text: String { lines.withLock { $0.joined(separator: " / ") } }
}

extension String {
    /// The text without leading and trailing blanks.
    fileprivate var trimmingBlanks: Substring {
        let start = drop(while: \.isWhitespace)
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return start[...end]
    }
}
