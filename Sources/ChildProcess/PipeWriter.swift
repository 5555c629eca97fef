import SystemCalls
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The write end of a pipe to a child: writes whole messages, in the order of the calls, without blocking the caller's
/// thread.
///
/// The caller writes what the pipe accepts at once; the rest is left to a thread, started the first time the child
/// falls behind. Back-pressure: a caller waits for its own message, so none can queue more than one.
public final class PipeWriter: Sendable {
    private struct Message: Sendable {
        let bytes: [UInt8]
        var written: Int
        let completion: @Sendable (Result<Void, any Error>) -> Void
    }

    private struct State {
        var isClosed = false
        var hasThread = false
        /// The number of messages queued for the thread; while there are any, callers must queue behind them.
        var waiting = 0
        var descriptorIsOpen = true
    }

    private let descriptor: Int32
    private let state = Locked(State())
    private let backlog = BlockingQueue<Message>()

    /// Takes ownership of `descriptor`; ``close()`` closes it.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
        Descriptors.setNonBlocking(descriptor)
    }

    deinit {
        close()
    }

    /// Writes `bytes` contiguously and returns when the pipe has accepted all of them.
    ///
    /// - Throws: ``PipeClosedError`` if the child no longer reads or the pipe was closed on our side.
    public func write(_ bytes: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { continuation in
            write(bytes) { continuation.resume(with: $0) }
        }
    }

    /// Writes `bytes` as ``write(_:)`` does, and blocks the calling thread until the pipe has accepted all of them.
    ///
    /// - Throws: ``PipeClosedError`` if the child no longer reads or the pipe was closed on our side.
    public func writeBlocking(_ bytes: [UInt8]) throws {
        let outcome = ConditionLocked<Result<Void, any Error>?>(nil)
        write(bytes) { result in outcome.change { $0 = result } }
        try outcome.wait { $0 }.get()
    }

    /// Writes `bytes` as ``write(_:)`` does, and returns at once. What is written next comes after them.
    ///
    /// - Parameter completion: called once, before or after this returns.
    package func write(_ bytes: [UInt8], completion: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        let message = Message(bytes: bytes, written: 0, completion: completion)
        if let outcome = state.withLock({ begin(message, &$0) }) { completion(outcome) }
    }

    /// Closes our end, which signals the end of input to the child. Discards messages that are not yet written.
    public func close() {
        state.withLock { state in
            state.isClosed = true
            closeDescriptorIfUnused(&state)
        }
        backlog.close()
    }

    /// Gives up ownership of the open descriptor, so that another process can take it over.
    ///
    /// - Returns: the descriptor, now owned by the caller; `nil` if it is closed or a message is only partly written.
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

    /// Writes what the pipe accepts at once and queues the rest.
    ///
    /// - Returns: the outcome if it is already known.
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
                // The message may be partly written: nothing may follow half a message.
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
            // A child that doesn't read must not block this thread forever: check periodically whether the pipe was
            // closed.
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

/// The pipe to a child was closed, on our side or the child's.
public struct PipeClosedError: Error, Sendable, Equatable {}
