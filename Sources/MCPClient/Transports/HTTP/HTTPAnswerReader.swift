import JSONRPC
import ServerSentEvents
import Threading

/// Reads one response as it arrives, and passes on the messages in it. Everything in it is bounded.
final class HTTPAnswerReader: Sendable {
    /// What is known of a response.
    struct Answer: Sendable {
        /// `nil` as long as it is incomplete.
        var head: HTTPAnswerHead?
        /// The body, if it isn't an event stream; of an error only the beginning.
        var content: [UInt8] = []
        /// Why the rest was not read; `nil` if it was.
        var fault: MCPClientError?
        /// The id of the last event; `nil` if none had one.
        var lastEventID: String?
        /// Milliseconds after which to reconnect, as the server says.
        var retryMilliseconds: Int?
    }

    private enum Body {
        case events(EventStreamParser)
        case whole
        /// The beginning of an error.
        case beginning
    }

    private struct State {
        var answer = Answer()
        var headBytes: [UInt8] = []
        var body = Body.whole
        /// Whether the rest of an error is of no interest.
        var isEnough = false
    }

    private static let headLimit = 64 * 1024
    private static let errorLimit = 64 * 1024

    private let limit: Int
    private let onHead: @Sendable (HTTPAnswerHead) -> Void
    private let onEvent: @Sendable ([UInt8]) -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - limit: the maximum length of a message in bytes.
    ///   - onHead: called with the head.
    ///   - onEvent: called with the message in each event.
    init(
        limit: Int, onHead: @escaping @Sendable (HTTPAnswerHead) -> Void,
        onEvent: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.limit = limit
        self.onHead = onHead
        self.onEvent = onEvent
    }

    /// What is known of the response by now.
    var answer: Answer { state.withLock { $0.answer } }

    /// Reads the next piece.
    ///
    /// - Returns: whether more is wanted.
    func feed(_ piece: UnsafeRawBufferPointer) -> Bool {
        var events: [[UInt8]] = []
        let (head, isOver) = state.withLock { state -> (HTTPAnswerHead?, Bool) in
            var head: HTTPAnswerHead?
            do throws(MCPClientError) {
                if state.answer.head == nil {
                    head = try readHead(piece, &state, &events)
                } else {
                    try readBody(piece, &state, &events)
                }
            } catch {
                state.answer.fault = error
            }
            return (head, state.answer.fault != nil || state.isEnough)
        }
        if let head { onHead(head) }
        events.forEach(onEvent)
        return !isOver
    }

    /// Reads an event at the end of the response that no blank line follows.
    func finish() {
        var events: [[UInt8]] = []
        state.withLock { state in
            guard case .events(var parser) = state.body else { return }
            try? parser.finish { Self.add($0, to: &events) }
        }
        events.forEach(onEvent)
    }

    private func readHead(
        _ piece: UnsafeRawBufferPointer, _ state: inout State, _ events: inout [[UInt8]]
    ) throws(MCPClientError) -> HTTPAnswerHead? {
        state.headBytes.append(contentsOf: piece)
        while let end = Self.endOfHead(state.headBytes) {
            guard end.length <= Self.headLimit, let head = HTTPAnswerHead(state.headBytes[..<end.length]) else { break }
            state.headBytes.removeFirst(end.next)
            // Interim responses precede the real one.
            if 100...199 ~= head.status { continue }
            state.answer.head = head
            state.body =
                if !head.isSuccess {
                    .beginning
                } else if head.isEventStream {
                    .events(EventStreamParser(limit: limit))
                } else {
                    .whole
                }
            let rest = state.headBytes
            state.headBytes = []
            let fault = rest.withUnsafeBytes { rest -> MCPClientError? in
                do throws(MCPClientError) {
                    try readBody(rest, &state, &events)
                    return nil
                } catch {
                    return error
                }
            }
            if let fault { throw fault }
            return head
        }
        guard state.headBytes.count <= Self.headLimit, Self.endOfHead(state.headBytes) == nil else {
            throw .malformed("an HTTP response whose head is invalid or has more than \(Self.headLimit) bytes")
        }
        return nil
    }

    private func readBody(
        _ piece: UnsafeRawBufferPointer, _ state: inout State, _ events: inout [[UInt8]]
    ) throws(MCPClientError) {
        switch state.body {
        case .events(var parser):
            // The parser must not be copied while it holds a long event.
            state.body = .whole
            do {
                try parser.feed(piece) { Self.add($0, to: &events) }
            } catch {
                throw tooLong
            }
            state.answer.lastEventID = parser.lastEventID
            state.answer.retryMilliseconds = parser.retryMilliseconds
            state.body = .events(parser)
        case .whole:
            guard state.answer.content.count + piece.count <= limit else { throw tooLong }
            state.answer.content.append(contentsOf: piece)
        case .beginning:
            state.answer.content.append(contentsOf: piece.prefix(Self.errorLimit - state.answer.content.count))
            state.isEnough = state.answer.content.count == Self.errorLimit
        }
    }

    private var tooLong: MCPClientError { .malformed("a line of more than \(limit) bytes") }

    private static func add(_ event: EventStreamParser.Event, to events: inout [[UInt8]]) {
        let isMessage = event.type.isEmpty || event.type == "message"
        if isMessage, event.data.contains(where: { $0 > 0x20 }) { events.append(event.data) }
    }

    /// Finds the blank line that ends a head.
    private static func endOfHead(_ bytes: [UInt8]) -> (length: Int, next: Int)? {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            if bytes[start..<end].allSatisfy({ $0 == 0x0D }), end > 0 { return (start, end + 1) }
            start = end + 1
        }
        return nil
    }
}
