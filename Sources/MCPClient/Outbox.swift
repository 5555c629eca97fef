import ChildProcess
import JSON
import Threading

/// Messages on their way to a server, one a line, in the order of the calls. Nobody waits for the server to read: what
/// it does not take waits here, up to a limit.
final class Outbox: Sendable {
    private struct State {
        var waitingBytes = 0
        var isClosed = false
    }

    private let input: PipeWriter
    private let limit: Int
    private let state = Locked(State())
    private let lines = AsyncStream<[UInt8]>.makeStream()

    /// - Parameters:
    ///   - limit: bytes that may wait.
    ///   - onBroken: called once when the server no longer reads.
    init(input: PipeWriter, limit: Int, onBroken: @escaping @Sendable () -> Void) {
        self.input = input
        self.limit = limit
        Task { [self] in
            for await line in lines.stream {
                do {
                    try await input.write(line)
                } catch {
                    if !state.withLock({ $0.isClosed }) { onBroken() }
                    return
                }
                state.withLock { $0.waitingBytes -= line.count }
            }
        }
    }

    /// Sends a message. Returns at once.
    ///
    /// - Returns: why it cannot be sent; `nil` where it is on its way.
    func add(_ message: JSON) -> MCPClientError? {
        let line = message.serialized() + [0x0A]
        return state.withLock { state in
            guard !state.isClosed else { return .ended("it was closed") }
            guard state.waitingBytes == 0 || state.waitingBytes + line.count <= limit else {
                return .ended("it reads nothing, and \(state.waitingBytes) bytes wait for it")
            }
            state.waitingBytes += line.count
            lines.continuation.yield(line)
            return nil
        }
    }

    /// Closes the server's input, which tells it that no more comes. What waits is given up.
    func close() {
        state.withLock { $0.isClosed = true }
        lines.continuation.finish()
        input.close()
    }
}
