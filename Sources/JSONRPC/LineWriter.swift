public import JSON
import SystemCalls
import Threading

/// Writes whole messages, one a line, to a descriptor that others may share and that may block.
///
/// A short message goes out at once where it certainly does not block; all else is left to a thread. No line is ever
/// mixed with another.
public final class LineWriter: Sendable {
    private struct State {
        /// Lines handed to the thread and not yet written.
        var waiting = 0
        var waitingBytes = 0
        var isBroken = false
        var mustNotWait = false
        var waiters = WaiterQueue()

        func hasRoom(_ limit: Int) -> Bool { isBroken || mustNotWait || waitingBytes < limit }

        /// Who waits for room, where there is some.
        mutating func removeWaitersWithRoom(_ limit: Int) -> [WaiterQueue.Waiter] {
            hasRoom(limit) ? waiters.removeAll() : []
        }
    }

    /// POSIX: a write of at most this many bytes to a pipe that is ready does not block and is not split.
    private static let atomicSize = Int(PIPE_BUF)

    private let descriptor: Int32
    private let backlogLimit: Int
    private let canWriteAtOnce: Bool
    private let state = ConditionLocked(State())
    private let backlog = BlockingQueue<[UInt8]>()
    private let onBroken: @Sendable () -> Void

    /// A writer to `descriptor`, which stays the caller's. SIGPIPE must be ignored.
    ///
    /// - Parameters:
    ///   - backlogLimit: how many bytes may wait to be written before what may be lost is.
    ///   - onBroken: called once when the other side no longer reads.
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

    /// Writes one message. Returns at once.
    public func write(_ message: JSON) {
        write(line: message.serialized())
    }

    /// Writes one message that is JSON text on one line already. Returns at once.
    public func write(line text: [UInt8]) {
        add(text, backlogLimit: .max)
    }

    /// Writes a message that nobody waits for, such as progress. It is lost where more waits to be written than the other
    /// side seems to want to read: what comes by itself must not pile up without end.
    public func writeIfKeepingUp(_ message: JSON) {
        // Not made for nobody.
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

    /// Waits until less than `bytes` wait to be written, or the other side is gone. Blocks the calling thread.
    public func waitUntilWaiting(below bytes: Int) {
        state.wait { $0.isBroken || $0.waitingBytes < bytes ? () : nil }
    }

    /// Waits until there is room for more, as ``waitUntilWaiting(below:)`` does with the limit of the backlog, but no longer
    /// than to ``stopWaitingForRoom()``. Blocks the calling thread.
    public func waitForRoom() {
        state.wait { $0.hasRoom(backlogLimit) ? () : nil }
    }

    /// Waits as ``waitForRoom()`` does, but keeps no thread from anything else, and no longer than until the task is
    /// cancelled.
    public func untilRoom() async {
        while !Task.isCancelled, !state.withLock({ $0.hasRoom(backlogLimit) }) {
            try? await state.wait(in: \.waiters) { $0.hasRoom(backlogLimit) }
        }
    }

    /// Lets those go on who wait for room, now and from now on.
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
