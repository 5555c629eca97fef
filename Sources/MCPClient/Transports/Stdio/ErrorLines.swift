import JSONRPC
import Threading

/// Splits a server's standard error into lines, rate-limited by a token bucket: excess lines are dropped.
final class ErrorLines: Sendable {
    private static let lineBytes = 8 * 1024
    private static let linesAtOnce = 200.0
    private static let linesPerSecond = 50.0

    private struct State {
        var splitter = LineSplitter(limit: lineBytes)
        var budget = TokenBucket(perSecond: linesPerSecond, atOnce: linesAtOnce, savedSeconds: 0)
        /// The number of lines dropped since the last one that was passed on.
        var omitted = 0

        /// - Returns: the lines to pass on; a note precedes the first line after dropped ones.
        mutating func admit(_ line: LineSplitter.Line) -> [String] {
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

    /// Consumes the next piece of the stream.
    func feed(_ piece: UnsafeRawBufferPointer) {
        let lines = state.withLock { state -> [String] in
            var lines: [LineSplitter.Line] = []
            state.splitter.feed(piece) { lines.append($0) }
            return lines.flatMap { state.admit($0) }
        }
        lines.forEach(onLine)
    }
}
