import SystemCalls
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The writing end of a pipe to a child: whole messages, in the order of the calls, without ever blocking the caller's
/// thread.
///
/// What the pipe takes at once is written by the caller; the rest is left to a thread that is started the first time
/// the child falls behind. A caller waits for its own message, so that nobody can pile up more than one.
public final class PipeWriter: Sendable {
    private struct Message: Sendable {
        let bytes: [UInt8]
        var written: Int
        let completion: @Sendable (Result<Void, any Error>) -> Void
    }

    private struct State {
        var isClosed = false
        var hasThread = false
        /// How many messages the thread still has; while there are any, callers must queue behind them.
        var waiting = 0
        var descriptorIsOpen = true
    }

    private let descriptor: Int32
    private let state = Locked(State())
    private let backlog = BlockingQueue<Message>()

    /// Takes over `descriptor`: it is closed by ``close()``.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
        Descriptors.setNonBlocking(descriptor)
    }

    deinit {
        close()
    }

    /// Writes `bytes` as one piece and returns when the pipe has taken all of them.
    ///
    /// - Throws: ``PipeClosedError`` when the child no longer reads or the pipe was closed on our side.
    public func write(_ bytes: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { continuation in
            write(bytes) { continuation.resume(with: $0) }
        }
    }

    /// Writes `bytes` as ``write(_:)`` does, and blocks the calling thread until the pipe has taken all of them.
    ///
    /// - Throws: ``PipeClosedError`` when the child no longer reads or the pipe was closed on our side.
    public func writeBlocking(_ bytes: [UInt8]) throws {
        let outcome = ConditionLocked<Result<Void, any Error>?>(nil)
        write(bytes) { result in outcome.change { $0 = result } }
        try outcome.wait { $0 }.get()
    }

    private func write(_ bytes: [UInt8], completion: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        let message = Message(bytes: bytes, written: 0, completion: completion)
        if let outcome = state.withLock({ begin(message, &$0) }) { completion(outcome) }
    }

    /// Closes our end, which tells the child that no more comes. Messages not yet written are given up.
    public func close() {
        state.withLock { state in
            state.isClosed = true
            closeDescriptorIfUnused(&state)
        }
        backlog.close()
    }

    /// Gives our end away, open as it is, for another process to go on with.
    ///
    /// - Returns: the descriptor, which is the caller's from now on; `nil` where it is closed, or a message is not all out.
    func release() -> Int32? {
        let released: Int32? = state.withLock { state in
            guard !state.isClosed, state.waiting == 0 else { return nil }
            state.isClosed = true
            state.descriptorIsOpen = false
            return descriptor
        }
        if released != nil { backlog.close() }
        return released
    }

    /// Writes what goes without waiting and queues the rest.
    ///
    /// - Returns: the outcome where there is one already.
    private func begin(_ message: Message, _ state: inout State) -> Result<Void, any Error>? {
        guard !state.isClosed else { return .failure(PipeClosedError()) }
        var message = message
        if state.waiting == 0 {
            switch writeSome(message.bytes, from: 0) {
            case .failure(let error): return .failure(error)
            case .success(let count): message.written = count
            }
            if message.written == message.bytes.count { return .success(()) }
        }
        if !state.hasThread {
            do {
                try BackgroundThread.start("pipe-writer") { self.drainBacklog() }
                state.hasThread = true
            } catch {
                // Part of the message may be out: nothing may follow half a one.
                state.isClosed = true
                closeDescriptorIfUnused(&state)
                return .failure(error)
            }
        }
        state.waiting += 1
        backlog.add(message)
        return nil
    }

    private func drainBacklog() {
        while var message = backlog.next() {
            let outcome = finish(&message)
            state.withLock { state in
                state.waiting -= 1
                closeDescriptorIfUnused(&state)
            }
            message.completion(outcome)
        }
    }

    private func finish(_ message: inout Message) -> Result<Void, any Error> {
        while message.written < message.bytes.count {
            // A child that reads nothing must not keep this thread: look up now and then whether we were closed.
            var polls = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)]
            let isReady = Descriptors.waitUntilReady(&polls, milliseconds: 100)
            guard !state.withLock({ $0.isClosed }) else { return .failure(PipeClosedError()) }
            guard isReady else { continue }
            switch writeSome(message.bytes, from: message.written) {
            case .failure(let error): return .failure(error)
            case .success(let count): message.written += count
            }
        }
        return .success(())
    }

    private func writeSome(_ bytes: [UInt8], from start: Int) -> Result<Int, any Error> {
        let count = bytes[start...].withUnsafeBytes { Descriptors.writeSome(descriptor, $0) }
        if count >= 0 { return .success(count) }
        return errno == EAGAIN ? .success(0) : .failure(PipeClosedError())
    }

    private func closeDescriptorIfUnused(_ state: inout State) {
        guard state.isClosed, state.waiting == 0, state.descriptorIsOpen else { return }
        state.descriptorIsOpen = false
        #if canImport(Glibc)
            Glibc.close(descriptor)
        #else
            Darwin.close(descriptor)
        #endif
    }
}

/// The pipe to a child is closed, on our side or the child's.
public struct PipeClosedError: Error, Sendable, Equatable {}
