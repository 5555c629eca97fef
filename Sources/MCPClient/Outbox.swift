import ChildProcess
import JSON
import Threading

/// Messages on their way to a server, one a line, in the order of the calls. Nobody waits for the server to read: what
/// it does not take waits here, up to a limit.
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
    ///   - limit: bytes that may wait.
    ///   - answerLimit: answers that may wait.
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

    /// Sends a message. Returns at once.
    ///
    /// - Returns: why it cannot be sent; `nil` where it is on its way.
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

    /// Sends the answer to a request of the server's. Whoever asks without end and reads nothing gets no more answers: they
    /// would fill the memory.
    ///
    /// - Returns: whether it is on its way.
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

    /// Closes the server's input, which tells it that no more comes. What waits is given up.
    func close() {
        state.withLock { $0.isClosed = true }
        lines.continuation.finish()
        input.close()
    }
}
