import SystemCalls
import Threading

/// A program that lives for a while and is talked to over its standard input and output.
///
/// One thread reads what the program writes and reaps it at its end.
public final class ChildProcess: Sendable {
    /// How a child ended, and the last it said.
    public struct End: Sendable, Equatable {
        /// Its exit code or the signal that ended it.
        public let status: ExitStatus
        /// The end of what it wrote to standard error, at most ``errorOutputLimit`` bytes.
        public let errorOutput: [UInt8]

        /// An end like this.
        public init(status: ExitStatus, errorOutput: [UInt8]) {
            self.status = status
            self.errorOutput = errorOutput
        }
    }

    /// How much of the standard error is kept, in bytes.
    public static let errorOutputLimit = 8 * 1024

    private static let readSize = 256 * 1024

    /// The process id; 0 for a process that another started. It may be another's once the child has ended: use
    /// ``signal(_:)``.
    public let identifier: Int32
    /// The child's standard input.
    public let input: PipeWriter

    private let executable: String
    private let output: Int32
    private let errorOutput: Int32
    /// Whether there is nothing to reap or to signal: it is done, or the process is not ours.
    private let isReaped: Locked<Bool>
    private let isToBeReleased = Locked(false)

    /// Starts `command`. Call ``read(onOutput:onEnd:)`` next, which is what reaps it in the end. SIGPIPE must be ignored:
    /// the child may close its input at any time.
    ///
    /// - Throws: ``SpawnError``.
    public init(starting command: Command) throws(SpawnError) {
        let spawned = try spawn(command)
        executable = command.executable
        identifier = spawned.identifier
        input = PipeWriter(descriptor: spawned.input)
        output = spawned.output
        errorOutput = spawned.errorOutput
        isReaped = Locked(false)
    }

    /// Goes on with the pipes of a process that another process of ours started. It cannot be signalled, and how it ends
    /// is not known: its status will be that of a child whose status the system did not keep, -1. SIGPIPE must be ignored.
    ///
    /// - Parameter ends: our ends, which are this object's from now on.
    public init(adopting ends: PipeEnds) {
        executable = "a process"
        identifier = 0
        input = PipeWriter(descriptor: ends.input)
        output = ends.output
        errorOutput = ends.errorOutput
        isReaped = Locked(true)
    }

    /// Has the reading end after the piece of output that is being taken, so that another process can go on with the
    /// pipes. To be called from within `onOutput`. Where a message to the child is not all out, nothing happens.
    public func release() {
        isToBeReleased.withLock { $0 = true }
    }

    /// Reads the child's outputs on a thread of their own until it ends. To be called once.
    ///
    /// - Parameters:
    ///   - endsWithProgram: whether it is all over when the program itself has ended, though something that it started
    ///     still holds its outputs. What is left of its process group gets SIGKILL then. Noticed within a second or so.
    ///   - onOutput: called on that thread with each piece of standard output, in order. While it runs nothing more is
    ///     read, which is how a slow reader slows the child.
    ///   - onErrorOutput: called likewise with each piece of standard error.
    ///   - onOutputEnd: called once on the same thread when the child has closed its standard output. Most do so by ending,
    ///     but one may go on.
    ///   - onRelease: called on the same thread instead of `onEnd`, with our ends of the pipes, after ``release()``.
    ///   - onEnd: called once on the same thread, after the last output, when the child is gone and reaped.
    /// - Throws: ``SpawnError`` when there can be no thread; the child is ended then.
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
                if let released { return onRelease(released) }
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

    /// Sends `signal` to the child and whatever it started in its session's process group. Does nothing once it ended.
    public func signal(_ signal: Int32) {
        // Under the lock, so that the number cannot pass to another process between the look and the kill.
        isReaped.withLock { isReaped in
            if !isReaped { kill(-identifier, signal) }
        }
    }

    private func reapSelf() -> ExitStatus {
        guard !isReaped.withLock({ $0 }) else {
            input.close()
            return .exited(-1)
        }
        // Wait without reaping first: the id must stay ours until no one can signal it any more.
        var info = siginfo_t()
        _ = retryingInterrupts { waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT) }
        input.close()
        return isReaped.withLock { isReaped in
            isReaped = true
            return reap(identifier)
        }
    }

    /// Reads both outputs until both are closed, or `watch` says that it is over, and closes our ends, unless they are
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

/// Looks now and then whether a program has ended whose outputs something else holds open.
private struct EndWatch {
    static let tickMilliseconds: Int32 = 500
    /// How long what is in the pipes is still read after the program's end.
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
