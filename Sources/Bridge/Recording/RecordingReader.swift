import BridgeModules
import MCP
import SystemCalls

/// Reads the lines of a recording. What was recorded last may be incomplete; any other fault is an error.
struct RecordingReader {
    let bytes: [UInt8]
    /// What was read, by the servers' names.
    private(set) var servers: [String: RecordedServer.Content] = [:]
    /// The sessions, numbered in their order.
    private var sessions: [String: Int] = [:]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads all lines.
    ///
    /// - Parameter onWarning: called with each line that is left out.
    mutating func read(_ onWarning: (String) -> Void) throws(RecordingError) {
        var (number, start) = (0, 0)
        var damaged: RecordingError?
        while start < bytes.count {
            number += 1
            let end = lineEnd(from: start)
            let range = start..<(end ?? bytes.count)
            start = range.upperBound + 1
            if range.isEmpty { continue }
            let (line, session): (RecordingLine, String)
            do throws(RecordingLine.FormatError) {
                (line, session) = try RecordingLine.parse(bytes[range])
            } catch {
                guard damaged == nil else { break }
                damaged = RecordingError(line: number, error.problem)
                // Its writer was killed, or the disk was full. In a file of another kind, it's the first line.
                guard end == nil, number > 1 else {
                    if number == 1 { break }
                    continue
                }
                onWarning(Self.incomplete(number))
                return
            }
            if damaged != nil {
                // The next program begins a new line.
                guard case .session = line else { break }
                onWarning(Self.incomplete(number - 1))
                damaged = nil
            }
            try add(line, session, number, range)
        }
        if let damaged { throw damaged }
    }

    private static func incomplete(_ line: Int) -> String {
        "line \(line) is incomplete, because the program was ended while it recorded: it is left out"
    }

    private func lineEnd(from start: Int) -> Int? {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    private mutating func add(
        _ line: RecordingLine, _ session: String, _ number: Int, _ range: Range<Int>
    ) throws(RecordingError) {
        if case .session = line {
            sessions[session] = sessions[session] ?? sessions.count
            return
        }
        guard let order = sessions[session] else {
            throw RecordingError(
                line: number, number == 1 ? "not the beginning of a recording" : "it belongs to no session before it")
        }
        switch line {
        case .session: break
        case .tools(let server, let tools, let shapes): servers[server, default: .init()].add(tools, shapes)
        case .answer(let answer): servers[answer.server, default: .init()].add(answer, session: order, at: range)
        }
    }
}
