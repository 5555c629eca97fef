import ChildProcess
import JSON
import Threading

/// A bounded FIFO queue of messages to a server, one per line. Callers never wait for the server to read.
final class Outbox: Sendable {
    private struct State {
        /// What is not being written yet, in order.
        var lines: [Line] = []
        var waitingBytes = 0
        var waitingAnswers = 0
        var isClosed = false

        /// Counts a line no longer, which has been written or taken back.
        mutating func forget(_ line: Line) {
            waitingBytes -= line.bytes.count
            if line.isAnswer { waitingAnswers -= 1 }
        }
    }

    private struct Line {
        let bytes: [UInt8]
        var isAnswer = false
        /// The id of the request; `nil` for other messages.
        var id: Int?
    }

    private let input: PipeWriter
    private let limit: Int
    private let answerLimit: Int
    private let state = Locked(State())
    /// Says that there are lines, once for any number of them.
    private let hasLines = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    /// - Parameters:
    ///   - limit: the maximum number of queued bytes.
    ///   - answerLimit: the maximum number of queued responses.
    ///   - onBroken: called once when the server no longer reads.
    init(input: PipeWriter, limit: Int, answerLimit: Int, onBroken: @escaping @Sendable () -> Void) {
        self.input = input
        self.limit = limit
        self.answerLimit = answerLimit
        Task { [self] in
            for await _ in hasLines.stream {
                while let line = next() {
                    do {
                        try await input.write(line.bytes)
                    } catch {
                        if !state.withLock({ $0.isClosed }) { onBroken() }
                        return
                    }
                    state.withLock { $0.forget(line) }
                }
            }
        }
    }

    private func next() -> Line? {
        state.withLock { $0.isClosed || $0.lines.isEmpty ? nil : $0.lines.removeFirst() }
    }

    /// Queues a message. Returns at once.
    ///
    /// - Parameter id: the id of a request; `nil` for other messages.
    /// - Returns: why it can't be sent; `nil` if it is queued.
    func add(_ message: JSON, id: Int? = nil) -> MCPClientError? {
        let line = Line(bytes: message.serialized() + [0x0A], id: id)
        return state.withLock { state in
            guard !state.isClosed else { return .ended("it was closed") }
            guard state.waitingBytes == 0 || state.waitingBytes + line.bytes.count <= limit else {
                return .ended("it reads no input, and \(state.waitingBytes) bytes are waiting")
            }
            add(line, to: &state)
            return nil
        }
    }

    /// Takes a request back.
    ///
    /// - Returns: whether that was possible: no part of it has been sent, nor will be.
    func remove(_ id: Int) -> Bool {
        state.withLock { state in
            guard let place = state.lines.firstIndex(where: { $0.id == id }) else { return false }
            state.forget(state.lines.remove(at: place))
            return true
        }
    }

    /// Queues the response to a server's request. A server that keeps asking without reading gets no more responses,
    /// because they would exhaust the memory.
    ///
    /// - Returns: whether it is queued.
    func add(answer: JSON) -> Bool {
        let line = Line(bytes: answer.serialized() + [0x0A], isAnswer: true)
        return state.withLock { state in
            guard !state.isClosed, state.waitingAnswers < answerLimit else { return false }
            state.waitingAnswers += 1
            add(line, to: &state)
            return true
        }
    }

    private func add(_ line: Line, to state: inout State) {
        state.waitingBytes += line.bytes.count
        state.lines.append(line)
        hasLines.continuation.yield()
    }

    /// Closes the server's input, which signals the end of input. Queued messages are discarded.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.lines = []
        }
        hasLines.continuation.finish()
        input.close()
    }
}
