import SystemCalls
import Threading

/// What tasks tell the server's thread. A pipe wakes it where it waits.
final class EventLoopQueue: Sendable {
    /// What has come since the last look.
    struct News: Sendable {
        /// Connections whose answer has got on.
        var connections: Set<Int> = []
        /// Seconds of grace, once the server is to stop.
        var stopGrace: Double?
        /// Tasks that have not ended.
        var runningTasks = 0
    }

    private struct State {
        var news = News()
        var isAwake = false
        var isClosed = false
    }

    /// The end of the pipe that the thread waits at.
    let readEnd: Int32
    private let writeEnd: Int32
    private let state = Locked(State())

    init() throws(SocketError) {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            guard pipe2(&ends, O_CLOEXEC) == 0 else { throw .last() }
        #else
            guard pipe(&ends) == 0 else { throw .last() }
        #endif
        for end in ends { Socket.prepare(end) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit { close() }

    func progressed(connection: Int) {
        tell { $0.connections.insert(connection) }
    }

    func stop(graceSeconds: Double) {
        // Bounded so that a point in time can be reckoned from it.
        let grace = max(0, min(graceSeconds, 1e9))
        tell { $0.stopGrace = min($0.stopGrace ?? grace, grace) }
    }

    func taskStarted() {
        state.withLock { $0.news.runningTasks += 1 }
    }

    func taskEnded() {
        tell { $0.runningTasks -= 1 }
    }

    /// Takes what has come. The thread's alone to call.
    func take() -> News {
        var bytes: UInt64 = 0
        return state.withLock { state in
            if state.isAwake {
                state.isAwake = false
                withUnsafeMutableBytes(of: &bytes) { _ = read(readEnd, $0.baseAddress, $0.count) }
            }
            defer { state.news.connections = [] }
            return state.news
        }
    }

    /// The thread has ended: nobody listens any more.
    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            for end in [readEnd, writeEnd] { Socket.closeDescriptor(end) }
        }
    }

    private func tell(_ change: (inout News) -> Void) {
        state.withLock { state in
            change(&state.news)
            guard !state.isAwake, !state.isClosed else { return }
            state.isAwake = true
            // One byte at a time: the pipe always has room for it.
            var byte: UInt8 = 1
            _ = write(writeEnd, &byte, 1)
        }
    }
}
