import JSON

/// Runs a command.
struct ExecuteCommand: GuestParameters {
    static let operation = GuestOperation.execute

    let command: String
    let timeout: Double
    /// Maximum number of bytes to return of each output.
    let limit: Int
    /// Whether to report the newest output lines while it runs.
    let wantsProgress: Bool

    var json: JSON {
        var members: JSONObject = [
            "command": .string(command), "timeout": .double(timeout), "limit": .integer(limit),
        ]
        if wantsProgress { members["progress"] = true }
        return .object(members)
    }
}

/// The result of a shell command.
public struct CommandResult: Sendable, Equatable {
    /// The shell's exit code; 128 plus the signal number if a signal ended it; -1 if it timed out.
    public let exitCode: Int
    /// Standard output, truncated in the middle if it exceeds the limit. Bytes that aren't valid UTF-8 are replaced.
    public let standardOutput: String
    /// Standard error, processed in the same way.
    public let standardError: String
    /// Whether it was ended because it timed out.
    public let timedOut: Bool
    /// Whether either output was truncated.
    public let isTruncated: Bool
    /// The artifacts that were added or modified while it ran, at most a hundred.
    public let artifacts: [Artifact]
    /// What is left out of standard output; `nil` if nothing was left out.
    public internal(set) var standardOutputRest: StreamRest?
    /// What is left out of standard error; `nil` if nothing was left out.
    public internal(set) var standardErrorRest: StreamRest?
    /// A note on the tools that it called through the bridge; `nil` if it called none.
    public internal(set) var bridgeNote: String?
    /// Its first calls of tools through the bridge, in the order in which they ended.
    public internal(set) var bridgedCalls: [BridgedCall] = []

    /// The maximum number of ``bridgedCalls``.
    static let maxBridgedCalls = 100

    /// The members of the guest's result, besides the outputs.
    enum Name: String, CaseIterable {
        case exitCode = "exit_code"
        case timedOut = "timed_out"
        case truncated
        case artifacts
        case streams
    }

    /// An output stream that a result doesn't hold in full.
    public struct StreamRest: Sendable, Equatable {
        /// How many bytes the command wrote.
        public let bytes: Int
        /// The file in the sandbox that holds the stream; `nil` if it wasn't saved.
        public let path: String?
        /// How many bytes that file holds.
        public let savedBytes: Int

        private static let maxPathLength = 255

        /// The members of the guest's description.
        enum Name: String, CaseIterable {
            case total
            case path
            case saved
        }

        init?(_ value: JSON?) {
            guard let bytes = value?[Name.total]?.countValue, let saved = value?[Name.saved]?.countValue else {
                return nil
            }
            self.bytes = bytes
            savedBytes = saved
            path = value?[Name.path]?.stringValue.flatMap { $0.utf8.count <= Self.maxPathLength ? $0 : nil }
        }
    }

    private static let maxArtifacts = 100
    /// The valid exit codes: those of a process, 128 plus a signal number, and -1 for a timeout.
    private static let exitCodes = -1...255

    /// Creates a result.
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

    /// Decodes the guest's reply.
    init(_ reply: Channel.Reply) throws(ExecError) {
        guard let code = reply.result[Name.exitCode]?.integerValue, Self.exitCodes.contains(code) else {
            throw ExecError(.sandboxEnded, "The sandbox answered without an exit code.")
        }
        self.init(
            exitCode: code, standardOutput: String(decoding: reply.streams[0], as: UTF8.self),
            standardError: String(decoding: reply.streams[1], as: UTF8.self),
            timedOut: reply.result[Name.timedOut] == true, isTruncated: reply.result[Name.truncated] == true,
            artifacts: (reply.result[Name.artifacts]?.arrayValue ?? []).prefix(Self.maxArtifacts)
                .compactMap(Artifact.init))
        let streams = reply.result[Name.streams]?.arrayValue ?? []
        standardOutputRest = StreamRest(streams.first)
        standardErrorRest = StreamRest(streams.dropFirst().first)
    }
}

extension Sandbox {
    /// How many bytes the guest's notes may add to a stream beyond the limit.
    private static let noteRoom = 4096

    /// Runs `command` with bash in `/workspace` and returns when the shell has exited and its output is quiet.
    /// Background processes keep running.
    ///
    /// On timeout or cancellation, every process of the command receives SIGTERM and two seconds later SIGKILL,
    /// however it detached.
    ///
    /// - Parameters:
    ///   - timeout: seconds, more than 0 and at most ``Limits/maxTimeout``.
    ///   - onOutput: called while the command runs with the newest non-blank line of its output, complete or not, at
    ///     most four times a second: plain text of at most 512 bytes. It is called in order, never after this function
    ///     returns, and must return soon because this sandbox's replies wait for it.
    ///   - user: asks the person who uses the client whether calls of tools outside may be made; `nil` if that isn't
    ///     possible.
    /// - Throws: ``ExecError`` for a timeout out of range or a sandbox that ended.
    public func execute(
        _ command: String, timeout: Double, onOutput: (@Sendable (String) -> Void)? = nil,
        user: (any UserInteraction)? = nil
    ) async throws -> CommandResult {
        try limits.checkTimeout(timeout)
        guard !command.utf8.contains(0) else {
            throw ExecError(.invalidArgument, "command contains a NUL character, which a shell command cannot.")
        }
        let report = onOutput.map(ProgressSink.init)
        let parameters = ExecuteCommand(
            command: command, timeout: timeout, limit: limits.output, wantsProgress: report != nil)
        defer { report?.close() }
        let replyLimit = 2 * (limits.output + Self.noteRoom)
        guard bridge != nil else {
            return try CommandResult(
                try await call(parameters, replyLimit: replyLimit, onProgress: report?.deliver))
        }
        return try await bridged(command, report, user) { onBegin in
            try CommandResult(
                try await call(
                    parameters, replyLimit: replyLimit, onBegin: onBegin, onProgress: report?.deliver))
        }
    }
}
