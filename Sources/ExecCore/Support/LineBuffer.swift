import Diagnostics
import Threading

/// Splits chunks of output into lines. A carriage return ends a line too, because progress displays overwrite
/// themselves with it. What a line has beyond a number of bytes is left out.
final class LineBuffer: Sendable {
    private let limit: Int
    private let rest = Locked<[UInt8]>([])
    private let onLine: @Sendable (String) -> Void

    init(lineLimit: Int = 2000, _ onLine: @escaping @Sendable (String) -> Void) {
        limit = lineLimit
        self.onLine = onLine
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        let lines = rest.withLock { rest in
            var lines: [[UInt8]] = []
            for byte in bytes {
                if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                    lines.append(rest)
                    rest = []
                } else if rest.count < limit {
                    rest.append(byte)
                }
            }
            return lines
        }
        lines.forEach(emit)
    }

    func finish() {
        emit(
            rest.withLock { rest in
                defer { rest = [] }
                return rest
            })
    }

    private func emit(_ line: [UInt8]) {
        let text = String(beginning: line).singleLine(limit: limit)
        if text.contains(where: { !$0.isWhitespace }) { onLine(text) }
    }
}
