import SystemCalls
import Threading

/// Notifies the event loop of events in other tasks. Wakes its poll through a pipe.
final class EventLoopQueue: Sendable {
    /// The events since the last call of ``take()``.
    struct News: Sendable {
        /// Connections whose response has made progress.
        var connections: Set<Int> = []
        /// Grace period in seconds, once the server is to stop.
        var stopGrace: Double?
        /// Tasks that have not ended yet.
        var runningTasks = 0
    }

    private struct State {
        var news = News()
        var isAwake = false
        var isClosed = false
    }

    /// The read end of the pipe, which the event loop polls.
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
        post { $0.connections.insert(connection) }
    }

    func stop(graceSeconds: Double) {
        // Bounded, so that a deadline can be computed from it.
        let grace = max(0, min(graceSeconds, 1e9))
        post { $0.stopGrace = min($0.stopGrace ?? grace, grace) }
    }

    func taskStarted() {
        state.withLock { $0.news.runningTasks += 1 }
    }

    func taskEnded() {
        post { $0.runningTasks -= 1 }
    }

    /// Removes and returns the events. Only the event loop's thread may call it.
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

    /// Closes the pipe: the event loop has ended.
    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            for end in [readEnd, writeEnd] { Socket.closeDescriptor(end) }
        }
    }

    private func post(_ change: (inout News) -> Void) {
        state.withLock { state in
            change(&state.news)
            guard !state.isAwake, !state.isClosed else { return }
            state.isAwake = true
            // At most one byte is pending, so the pipe always has room for it.
            var byte: UInt8 = 1
            _ = write(writeEnd, &byte, 1)
        }
    }
}
