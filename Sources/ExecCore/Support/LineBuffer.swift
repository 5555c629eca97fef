import Diagnostics
import Threading

/// Splits chunks of output into lines. A carriage return ends a line too, because progress displays overwrite
/// themselves with it.
final class LineBuffer: Sendable {
    private static let limit = 2000

    private let rest = Locked<[UInt8]>([])
    private let onLine: @Sendable (String) -> Void

    init(_ onLine: @escaping @Sendable (String) -> Void) {
        self.onLine = onLine
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        let lines = rest.withLock { rest in
            var lines: [[UInt8]] = []
            for byte in bytes {
                if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                    lines.append(rest)
                    rest = []
                } else if rest.count < Self.limit {
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
        let text = String(decoding: line, as: UTF8.self).singleLine(limit: Self.limit)
        if text.contains(where: { !$0.isWhitespace }) { onLine(text) }
    }
}
