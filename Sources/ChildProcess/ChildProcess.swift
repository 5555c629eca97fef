import SystemCalls
import Threading

/// A long-running child process with pipes to its standard input, output and error.
///
/// A single thread reads its output and reaps it when it ends.
public final class ChildProcess: Sendable {
    /// How a child ended, and the end of its standard error.
    public struct End: Sendable, Equatable {
        /// The exit code, or the signal that terminated it.
        public let status: ExitStatus
        /// The end of its standard error, at most ``errorOutputLimit`` bytes.
        public let errorOutput: [UInt8]

        /// An end with these values.
        public init(status: ExitStatus, errorOutput: [UInt8]) {
            self.status = status
            self.errorOutput = errorOutput
        }
    }

    /// The maximum number of bytes of standard error to keep.
    public static let errorOutputLimit = 8 * 1024

    private static let readSize = 256 * 1024

    /// The process id; 0 for an adopted process. May be reused by another process once the child has ended: use
    /// ``signal(_:)``.
    public let identifier: Int32
    /// The child's standard input.
    public let input: PipeWriter

    private let executable: String
    private let output: Int32
    private let errorOutput: Int32
    /// Whether there is no process to reap or signal: it has been reaped, or isn't our child.
    private let isReaped: Locked<Bool>
    private let isToBeReleased = Locked(false)
    private let isGuarded: Bool

    /// Starts `command`. Call ``read(onOutput:onEnd:)`` next, which also reaps the child. SIGPIPE must be ignored: the
    /// child may close its input at any time.
    ///
    /// - Parameters:
    ///   - extra: a descriptor that the child gets as its descriptor 3; it stays open in this process.
    ///   - isGuarded: whether the child, and the rest of its process group, must not outlive this process even if this
    ///     process is killed. See ``ChildGuard``.
    /// - Throws: ``SpawnError``.
    public init(
        starting command: Command, passing extra: Int32? = nil, isGuarded: Bool = false
    ) throws(SpawnError) {
        let spawned = try spawn(command, passing: extra)
        self.isGuarded = isGuarded
        executable = command.executable
        identifier = spawned.identifier
        input = PipeWriter(descriptor: spawned.input)
        output = spawned.output
        errorOutput = spawned.errorOutput
        isReaped = Locked(false)
        if isGuarded { ChildGuard.shared.add(identifier) }
    }

    /// Takes over the pipes of a process that another of our processes started. It can't be signalled, and its exit
    /// status is unknown: it is reported as -1, as for a child whose status the system discarded. SIGPIPE must be
    /// ignored.
    ///
    /// - Parameter ends: our ends of the pipes; this object takes ownership.
    public init(adopting ends: PipeEnds) {
        executable = "a process"
        isGuarded = false
        identifier = 0
        input = PipeWriter(descriptor: ends.input)
        output = ends.output
        errorOutput = ends.errorOutput
        isReaped = Locked(true)
    }

    /// Stops reading after the current piece of output, so that another process can take over the pipes. Call it from
    /// within `onOutput`. Has no effect while a message to the child is only partly written.
    public func release() {
        isToBeReleased.withLock { $0 = true }
    }

    /// Reads the child's outputs on a dedicated thread until it ends. Call it once.
    ///
    /// - Parameters:
    ///   - endsWithProgram: whether to stop when the program itself has ended, even if one of its descendants still
    ///     holds its outputs. The rest of its process group then gets SIGKILL. Detected within about a second.
    ///   - onOutput: called on that thread with each piece of standard output, in order. Nothing more is read until it
    ///     returns: a slow consumer applies back-pressure to the child.
    ///   - onErrorOutput: called likewise with each piece of standard error.
    ///   - onOutputEnd: called once on the same thread when the child has closed its standard output. Usually it has
    ///     ended, but it may continue.
    ///   - onRelease: called on the same thread instead of `onEnd`, with our ends of the pipes, after ``release()``.
    ///   - onEnd: called once on the same thread, after the last output, when the child has been reaped.
    /// - Throws: ``SpawnError`` if no thread can be started; the child is then killed.
    public func read(
        endsWithProgram: Bool = false,
        onOutput: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onErrorOutput: @escaping @Sendable (UnsafeRawBufferPointer) -> Void = { _ in },
        onOutputEnd: @escaping @Sendable () -> Void = {},
        onRelease: @escaping @Sendable (PipeEnds) -> Void = { $0.close() },
        onEnd: @escaping @Sendable (End) -> Void
    ) throws(SpawnError) {
        do {
            try BackgroundThread.start("child-output") { [self] in
                var watch = endsWithProgram ? EndWatch(identifier: identifier) : nil
                let (errorTail, released) = readUntilClosed(&watch, onOutput, onErrorOutput, onOutputEnd)
                if let released {
                    // It may outlive this process now.
                    if isGuarded { ChildGuard.shared.remove(identifier) }
                    return onRelease(released)
                }
                if watch != nil { input.close() }
                if watch?.hasSeenEnd == true { signal(SIGKILL) }
                onEnd(End(status: reapSelf(), errorOutput: errorTail))
            }
        } catch {
            signal(SIGKILL)
            close(output)
            close(errorOutput)
            _ = reapSelf()
            throw SpawnError(executable: executable, errno: error.errno, operation: "cannot read from")
        }
    }

    /// Sends `signal` to the process group of the child's session. Does nothing once the child has ended.
    public func signal(_ signal: Int32) {
        // Under the lock, so that the process id can't be reused between the check and the kill.
        isReaped.withLock { isReaped in
            if !isReaped { kill(-identifier, signal) }
        }
    }

    private func reapSelf() -> ExitStatus {
        guard !isReaped.withLock({ $0 }) else {
            input.close()
            return .exited(-1)
        }
        // Wait without reaping first: the id must stay ours until nobody can signal it any more.
        var info = siginfo_t()
        _ = retryingInterrupts { waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT) }
        input.close()
        if isGuarded { ChildGuard.shared.remove(identifier) }
        return isReaped.withLock { isReaped in
            isReaped = true
            return reap(identifier)
        }
    }

    /// Reads both outputs until they are closed or `watch` reports the end, then closes our ends, unless they are
    /// released.
    ///
    /// - Returns: the end of the standard error, and our ends if they were released.
    private func readUntilClosed(
        _ watch: inout EndWatch?, _ onOutput: (UnsafeRawBufferPointer) -> Void,
        _ onErrorOutput: (UnsafeRawBufferPointer) -> Void, _ onOutputEnd: () -> Void
    ) -> (errorTail: [UInt8], released: PipeEnds?) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readSize, alignment: 16)
        defer { buffer.deallocate() }
        var errorTail: [UInt8] = []
        var polls = [
            pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errorOutput, events: Int16(POLLIN), revents: 0),
        ]
        while polls.contains(where: { $0.fd >= 0 }) {
            let isReady = Descriptors.waitUntilReady(
                &polls, milliseconds: watch == nil ? -1 : EndWatch.tickMilliseconds)
            if watch?.isOver(at: monotonicSeconds()) == true { break }
            guard isReady else { continue }
            for place in polls.indices where polls[place].fd >= 0 && polls[place].revents != 0 {
                let count = Descriptors.readSome(polls[place].fd, buffer)
                if count < 0 && errno == EAGAIN { continue }
                guard count > 0 else {
                    close(polls[place].fd)
                    polls[place].fd = -1
                    if place == 0 { onOutputEnd() }
                    continue
                }
                let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
                if place == 0 {
                    onOutput(piece)
                    if isToBeReleased.withLock({ $0 }), polls[1].fd >= 0, let input = input.release() {
                        return (errorTail, PipeEnds(input: input, output: output, errorOutput: errorOutput))
                    }
                } else {
                    onErrorOutput(piece)
                    errorTail.append(contentsOf: piece)
                    errorTail.removeFirst(max(0, errorTail.count - Self.errorOutputLimit))
                }
            }
        }
        for poll in polls where poll.fd >= 0 { close(poll.fd) }
        return (errorTail, nil)
    }
}

/// Polls for the end of a program whose outputs another process holds open.
private struct EndWatch {
    static let tickMilliseconds: Int32 = 500
    /// Seconds to keep reading the pipes after the program's end.
    private static let drainSeconds = 0.5

    private let identifier: pid_t
    private var nextLook = 0.0
    private var endTime: Double?

    init(identifier: pid_t) {
        self.identifier = identifier
    }

    var hasSeenEnd: Bool { endTime != nil }

    mutating func isOver(at now: Double) -> Bool {
        if let endTime { return now > endTime + Self.drainSeconds }
        guard now >= nextLook else { return false }
        nextLook = now + Double(Self.tickMilliseconds) / 1000
        if hasEnded(identifier) { endTime = now }
        return false
    }
}
