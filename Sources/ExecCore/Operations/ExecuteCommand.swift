import JSON

/// A command to run.
struct ExecuteParameters: GuestParameters {
    static let operation = GuestOperation.execute

    let command: String
    let timeout: Double
    /// How many bytes of each output are wanted.
    let limit: Int
    /// Whether the newest lines of its output are wanted while it runs.
    let wantsProgress: Bool

    var json: JSON {
        var members: JSONObject = [
            "command": .string(command), "timeout": .double(timeout), "limit": .integer(limit),
        ]
        if wantsProgress { members["progress"] = true }
        return .object(members)
    }
}

/// What a shell command left behind.
public struct CommandResult: Sendable, Equatable {
    /// The shell's exit code; 128 and the signal's number where a signal ended it; -1 where its time was up.
    public let exitCode: Int
    /// Standard output, cut in the middle where it is longer than the limit. What is no UTF-8 is replaced.
    public let standardOutput: String
    /// Standard error, likewise.
    public let standardError: String
    /// Whether it was ended because its time was up.
    public let timedOut: Bool
    /// Whether one of the outputs was cut.
    public let isTruncated: Bool
    /// The artifacts that appeared or changed while it ran, at most a hundred.
    public let artifacts: [Artifact]

    /// What the guest says of it besides its outputs.
    enum Name: String, CaseIterable {
        case exitCode = "exit_code"
        case timedOut = "timed_out"
        case truncated
        case artifacts
    }

    private static let maximumArtifacts = 100
    /// What a process can end with, 128 and a signal's number, and -1 when its time was up.
    private static let exitCodes = -1...255

    /// What it left behind.
    init(
        exitCode: Int, standardOutput: String, standardError: String, timedOut: Bool, isTruncated: Bool,
        artifacts: [Artifact]
    ) {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.timedOut = timedOut
        self.isTruncated = isTruncated
        self.artifacts = artifacts
    }

    /// Makes sense of what the guest says.
    init(_ reply: Channel.Reply) throws(ExecError) {
        guard let code = reply.result[Name.exitCode]?.integerValue, Self.exitCodes.contains(code) else {
            throw ExecError(.sandboxEnded, "The sandbox answered without an exit code.")
        }
        self.init(
            exitCode: code, standardOutput: String(decoding: reply.streams[0], as: UTF8.self),
            standardError: String(decoding: reply.streams[1], as: UTF8.self),
            timedOut: reply.result[Name.timedOut] == true, isTruncated: reply.result[Name.truncated] == true,
            artifacts: (reply.result[Name.artifacts]?.arrayValue ?? []).prefix(Self.maximumArtifacts)
                .compactMap(Artifact.init))
    }
}

extension Sandbox {
    /// What the guest's notes may add to a stream beyond the limit.
    private static let noteRoom = 4096

    /// Runs `command` with bash in `/workspace` and returns when the shell has exited and its output is
    /// quiet. Background processes live on.
    ///
    /// When the time is up or the task is cancelled, every process of the command gets SIGTERM and two seconds later
    /// SIGKILL, however it detached.
    ///
    /// - Parameters:
    ///   - timeout: seconds, more than 0 and at most ``Limits/maximumTimeout``.
    ///   - onOutput: called while the command runs with the newest line of its output that is not blank, finished or
    ///     not, at most four times a second: plain text of at most 512 bytes. It is called in order, never after the
    ///     return of this function, and must return soon: this sandbox's answers wait for it.
    /// - Throws: ``ExecError`` for a timeout out of range or a sandbox that ended.
    public func execute(
        _ command: String, timeout: Double, onOutput: (@Sendable (String) -> Void)? = nil
    ) async throws -> CommandResult {
        try limits.checkTimeout(timeout)
        guard !command.utf8.contains(0) else {
            throw ExecError(.invalidArgument, "command holds a NUL character, which no shell command can.")
        }
        let report = onOutput.map(ProgressSink.init)
        let parameters = ExecuteParameters(
            command: command, timeout: timeout, limit: limits.output, wantsProgress: report != nil)
        defer { report?.close() }
        let reply = try await call(
            parameters, replyLimit: 2 * (limits.output + Self.noteRoom), onProgress: report?.deliver)
        return try CommandResult(reply)
    }
}
