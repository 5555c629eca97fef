import JSONRPC
import Threading

/// A server's standard error as lines, bounded: of a server that floods it not every line is told.
final class ErrorLines: Sendable {
    private static let lineBytes = 8 * 1024
    private static let linesAtOnce = 200.0
    private static let linesPerSecond = 50.0

    private struct State {
        var splitter = LineSplitter(limit: lineBytes)
        var budget = TokenBucket(perSecond: linesPerSecond, atOnce: linesAtOnce, savedSeconds: 0)
        /// Lines passed over since the last one that was told.
        var omitted = 0

        /// - Returns: what to tell of a line.
        mutating func tell(_ line: LineSplitter.Line) -> [String] {
            guard budget.take(at: .now) else {
                omitted += 1
                return []
            }
            let note = omitted > 0 ? ["(\(omitted) lines left out)"] : []
            omitted = 0
            return note + [Self.text(of: line)]
        }

        private static func text(of line: LineSplitter.Line) -> String {
            switch line {
            case .complete(let bytes), .unfinished(let bytes): String(decoding: bytes, as: UTF8.self)
            case .tooLong(let limit, _): "(a line of more than \(limit) bytes)"
            }
        }
    }

    private let state = Locked(State())
    private let onLine: @Sendable (String) -> Void

    init(onLine: @escaping @Sendable (String) -> Void) {
        self.onLine = onLine
    }

    /// Takes the next piece of the stream.
    func feed(_ piece: UnsafeRawBufferPointer) {
        let told = state.withLock { state -> [String] in
            var lines: [LineSplitter.Line] = []
            state.splitter.feed(piece) { lines.append($0) }
            return lines.flatMap { state.tell($0) }
        }
        told.forEach(onLine)
    }
}
