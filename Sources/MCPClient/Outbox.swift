import ChildProcess
import JSON
import Threading

/// A bounded FIFO queue of messages to a server, one per line. Callers never wait for the server to read.
final class Outbox: Sendable {
    private struct State {
        var waitingBytes = 0
        var waitingAnswers = 0
        var isClosed = false
    }

    private struct Line {
        let bytes: [UInt8]
        let isAnswer: Bool
    }

    private let input: PipeWriter
    private let limit: Int
    private let answerLimit: Int
    private let state = Locked(State())
    private let lines = AsyncStream<Line>.makeStream()

    /// - Parameters:
    ///   - limit: the maximum number of queued bytes.
    ///   - answerLimit: the maximum number of queued responses.
    ///   - onBroken: called once when the server no longer reads.
    init(input: PipeWriter, limit: Int, answerLimit: Int, onBroken: @escaping @Sendable () -> Void) {
        self.input = input
        self.limit = limit
        self.answerLimit = answerLimit
        Task { [self] in
            for await line in lines.stream {
                do {
                    try await input.write(line.bytes)
                } catch {
                    if !state.withLock({ $0.isClosed }) { onBroken() }
                    return
                }
                state.withLock { state in
                    state.waitingBytes -= line.bytes.count
                    if line.isAnswer { state.waitingAnswers -= 1 }
                }
            }
        }
    }

    /// Queues a message. Returns at once.
    ///
    /// - Returns: why it can't be sent; `nil` if it is queued.
    func add(_ message: JSON) -> MCPClientError? {
        let line = Line(bytes: message.serialized() + [0x0A], isAnswer: false)
        return state.withLock { state in
            guard !state.isClosed else { return .ended("it was closed") }
            guard state.waitingBytes == 0 || state.waitingBytes + line.bytes.count <= limit else {
                return .ended("it reads nothing, and \(state.waitingBytes) bytes wait for it")
            }
            state.waitingBytes += line.bytes.count
            lines.continuation.yield(line)
            return nil
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
            state.waitingBytes += line.bytes.count
            lines.continuation.yield(line)
            return true
        }
    }

    /// Closes the server's input, which signals the end of input. Queued messages are discarded.
    func close() {
        state.withLock { $0.isClosed = true }
        lines.continuation.finish()
        input.close()
    }
}
