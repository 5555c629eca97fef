import SystemCalls
import Threading

/// The result of a program that ran to its end.
public struct CommandOutput: Sendable, Equatable {
    /// The exit status.
    public let status: ExitStatus
    /// The standard output, up to the limit.
    public let output: [UInt8]
    /// The standard error, up to the limit.
    public let errorOutput: [UInt8]
    /// Whether the program was terminated because it timed out or the calling task was cancelled.
    public let timedOut: Bool

    /// Whether the program exited with code 0 in time.
    public var succeeded: Bool { status == .exited(0) && !timedOut }
}

extension Command {
    /// Runs the program to its end. A failing program is a result, not an error.
    ///
    /// On timeout, or if the calling task is cancelled, the program's process group gets SIGTERM, and SIGKILL two
    /// seconds later.
    ///
    /// - Parameters:
    ///   - input: its standard input. If there is any, SIGPIPE must be ignored.
    ///   - limit: the maximum number of bytes of each output to keep; the rest is read and discarded.
    ///   - timeout: the time limit in seconds.
    /// - Throws: ``SpawnError``.
    public func run(input: [UInt8] = [], limit: Int = 128 * 1024, timeout: Double) async throws -> CommandOutput {
        let isCancelled = Locked(false)
        return try await withTaskCancellationHandler {
            try await withPromise { promise in
                do {
                    let spawned = try spawn(self)
                    write(input, to: PipeWriter(descriptor: spawned.input))
                    let run = BoundedRun(spawned, limit: limit, deadline: monotonicSeconds() + timeout, isCancelled)
                    do {
                        try BackgroundThread.start("child-run") { promise.resume(returning: run.finish()) }
                    } catch {
                        run.abandon()
                        throw error
                    }
                } catch {
                    promise.resume(throwing: error)
                }
            }
        } onCancel: {
            isCancelled.withLock { $0 = true }
        }
    }

    /// Writes all of a program's input and closes it. A program that doesn't read reports a failure of its own.
    private func write(_ bytes: [UInt8], to input: PipeWriter) {
        guard !bytes.isEmpty else { return input.close() }
        Task.detached {
            try? await input.write(bytes)
            input.close()
        }
    }
}

/// The poll loop of one ``Command/run(limit:timeout:)``, on a thread of its own.
private struct BoundedRun: Sendable {
    private static let tickMilliseconds: Int32 = 50
    private static let termToKillSeconds = 2.0
    /// Seconds to keep reading after the program's end, in case a descendant in its own session holds the pipes open.
    private static let drainSeconds = 0.5

    private let process: SpawnedProcess
    private let limit: Int
    private let deadline: Double
    private let isCancelled: Locked<Bool>

    init(_ process: SpawnedProcess, limit: Int, deadline: Double, _ isCancelled: Locked<Bool>) {
        self.process = process
        self.limit = limit
        self.deadline = deadline
        self.isCancelled = isCancelled
    }

    func finish() -> CommandOutput {
        var kept: [[UInt8]] = [[], []]
        var polls = [process.output, process.errorOutput].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var termTime: Double?
        var endTime: Double?
        while polls.contains(where: { $0.fd >= 0 }) {
            if Descriptors.waitUntilReady(&polls, milliseconds: Self.tickMilliseconds) {
                readReady(&polls, into: &kept)
            }
            let now = monotonicSeconds()
            if let endTime {
                if now > endTime + Self.drainSeconds { break }
            } else if hasEnded(process.identifier) {
                endTime = now
                kill(-process.identifier, SIGKILL)
            } else if let termTime {
                if now > termTime + Self.termToKillSeconds { kill(-process.identifier, SIGKILL) }
            } else if now > deadline || isCancelled.withLock({ $0 }) {
                termTime = now
                kill(-process.identifier, SIGTERM)
            }
        }
        for poll in polls where poll.fd >= 0 { close(poll.fd) }
        return CommandOutput(
            status: reap(process.identifier), output: kept[0], errorOutput: kept[1], timedOut: termTime != nil)
    }

    /// Kills the program if no thread can be started to wait for it.
    func abandon() {
        kill(-process.identifier, SIGKILL)
        close(process.output)
        close(process.errorOutput)
        _ = reap(process.identifier)
    }

    private func readReady(_ polls: inout [pollfd], into kept: inout [[UInt8]]) {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        for place in polls.indices where polls[place].fd >= 0 && polls[place].revents != 0 {
            let count = buffer.withUnsafeMutableBytes { Descriptors.readSome(polls[place].fd, $0) }
            if count < 0 && errno == EAGAIN { continue }
            guard count > 0 else {
                close(polls[place].fd)
                polls[place].fd = -1
                continue
            }
            kept[place] += buffer[..<min(count, limit - kept[place].count)]
        }
    }
}
