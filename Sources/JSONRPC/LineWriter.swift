public import JSON
import SystemCalls
import Threading

/// Writes messages, one per line, to a descriptor that may be shared and may block.
///
/// A short message is written at once if that certainly doesn't block; all others are queued for a writer thread.
/// Lines are never interleaved.
public final class LineWriter: Sendable {
    private struct State {
        /// The number of lines that are queued but not yet written.
        var waiting = 0
        var waitingBytes = 0
        var isBroken = false
        var mustNotWait = false
        var waiters = WaiterQueue()

        func hasRoom(_ limit: Int) -> Bool { isBroken || mustNotWait || waitingBytes < limit }

        /// Removes all waiters if there is room.
        mutating func removeWaitersWithRoom(_ limit: Int) -> [WaiterQueue.Waiter] {
            hasRoom(limit) ? waiters.removeAll() : []
        }
    }

    /// POSIX: a write of at most this size to a pipe that is ready neither blocks nor is split.
    private static let atomicSize = Int(PIPE_BUF)

    private let descriptor: Int32
    private let backlogLimit: Int
    private let canWriteAtOnce: Bool
    private let state = ConditionLocked(State())
    private let backlog = BlockingQueue<[UInt8]>()
    private let onBroken: @Sendable () -> Void

    /// A writer to `descriptor`. Doesn't take ownership of it. SIGPIPE must be ignored.
    ///
    /// - Parameters:
    ///   - backlogLimit: the number of queued bytes above which droppable messages are dropped.
    ///   - onBroken: called once when the peer no longer reads.
    /// - Throws: ``ThreadError``.
    public init(
        descriptor: Int32, backlogLimit: Int = 64 << 20, onBroken: @escaping @Sendable () -> Void
    ) throws {
        self.descriptor = descriptor
        self.backlogLimit = backlogLimit
        self.onBroken = onBroken
        var status = stat()
        canWriteAtOnce = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
        try BackgroundThread.start("line-writer") { [self] in drainBacklog() }
    }

    /// Writes a message. Returns at once.
    public func write(_ message: JSON) {
        write(line: message.serialized())
    }

    /// Writes a message that is already JSON text on one line. Returns at once.
    public func write(line text: [UInt8]) {
        add(text, backlogLimit: .max)
    }

    /// Writes a droppable message, such as progress. It is dropped while the backlog is over the limit: unsolicited
    /// messages must not queue up without bound.
    public func writeIfKeepingUp(_ message: JSON) {
        // Checked first, to avoid serializing a message that would be dropped.
        guard state.change({ $0.waitingBytes <= backlogLimit }) else { return }
        add(message.serialized(), backlogLimit: backlogLimit)
    }

    private func add(_ text: consuming [UInt8], backlogLimit: Int) {
        text.append(0x0A)
        let line = text
        let isNewlyBroken = state.change { state in
            guard !state.isBroken, state.waitingBytes <= backlogLimit else { return false }
            if state.waiting == 0, canWriteAtOnce, line.count <= Self.atomicSize, isReady() {
                state.isBroken = !Descriptors.write(line, to: descriptor)
                return state.isBroken
            }
            state.waiting += 1
            state.waitingBytes += line.count
            backlog.add(line)
            return false
        }
        if isNewlyBroken {
            state.change { $0.waiters.removeAll() }.forEach { $0.resume() }
            onBroken()
        }
    }

    /// Waits until fewer than `bytes` bytes are queued, or the peer is gone. Blocks the calling thread.
    public func waitUntilWaiting(below bytes: Int) {
        state.wait { $0.isBroken || $0.waitingBytes < bytes ? () : nil }
    }

    /// Waits until the backlog is below its limit, the peer is gone, or ``stopWaitingForRoom()`` is called. Blocks the
    /// calling thread.
    public func waitForRoom() {
        state.wait { $0.hasRoom(backlogLimit) ? () : nil }
    }

    /// Waits as ``waitForRoom()`` does, but suspends the task instead of blocking a thread, and also ends if the task
    /// is cancelled.
    public func untilRoom() async {
        while !Task.isCancelled, !state.withLock({ $0.hasRoom(backlogLimit) }) {
            try? await state.wait(in: \.waiters) { $0.hasRoom(backlogLimit) }
        }
    }

    /// Ends all current and future waiting for room.
    public func stopWaitingForRoom() {
        let waiters = state.change { state in
            state.mustNotWait = true
            return state.waiters.removeAll()
        }
        waiters.forEach { $0.resume() }
    }

    private func isReady() -> Bool {
        Descriptors.waitUntilReady(descriptor, for: POLLOUT, milliseconds: 0)
    }

    private func drainBacklog() {
        while let line = backlog.next() {
            let wasBroken = state.change { $0.isBroken }
            let isBroken = wasBroken || !Descriptors.write(line, to: descriptor)
            let waiters = state.change { state in
                state.waiting -= 1
                state.waitingBytes -= line.count
                state.isBroken = isBroken
                return state.removeWaitersWithRoom(backlogLimit)
            }
            waiters.forEach { $0.resume() }
            let isNewlyBroken = isBroken && !wasBroken
            if isNewlyBroken { onBroken() }
        }
    }
}
