package import Telemetry

/// Lets code in the sandboxes of a pool call tools outside. What these are is not known here.
package protocol SandboxBridge: Sendable {
    /// Begins to serve a sandbox.
    ///
    /// - Parameters:
    ///   - user: whose sandbox it is.
    ///   - send: sends a frame to the guest and blocks until it is written. Throws if the sandbox is gone.
    func session(
        of user: UserID, sandbox: String, send: @escaping @Sendable (Frame) throws -> Void
    ) -> any SandboxBridgeSession
}

/// The bridge of one sandbox: the handler of the guest's calls of the method `bridge`, with what belongs to them.
package protocol SandboxBridgeSession: GuestCallHandler {
    /// Returns the files for the sandbox's directory of modules; `nil` if they are the same as last time. May take as
    /// long as a program outside takes to start.
    func changedModules() async -> [ModuleFile]?

    /// The files that ``changedModules()`` returned are not in the sandbox: it is to return them again.
    func modulesWereNotInstalled()

    /// A command is about to start. Its calls may arrive from now on.
    ///
    /// - Parameters:
    ///   - id: the id of the command's call, which the guest's calls of the command name.
    ///   - listener: receives notifications about the command's calls.
    func beginCommand(_ id: UInt32, _ listener: BridgedCommand)

    /// A command is over. Its calls that are still open are cancelled by the guest, or with the sandbox.
    ///
    /// - Returns: a note on the calls that it made, for the model; `nil` if it made none.
    func endCommand(_ id: UInt32) async -> String?

    /// Decides about the sandbox's connections out; `nil` if that isn't limited.
    var egressGate: (any EgressGate)? { get }
}

extension SandboxBridgeSession {
    package var egressGate: (any EgressGate)? { nil }
}

/// What the bridge tells the rest of the server about a running command.
package struct BridgedCommand: Sendable {
    /// Stops or continues the command's timeout. Returns at once.
    package let holdClock: @Sendable (_ isHeld: Bool) -> Void
    /// Suspends or continues the command's timeout while a person is asked: unlike with ``holdClock``, that time doesn't
    /// count towards the maximum. Returns at once.
    package let suspendClock: @Sendable (_ isSuspended: Bool) -> Void
    /// Passes on a line of progress; `nil` if nobody listens.
    package let onProgress: (@Sendable (String) -> Void)?
    /// Receives each call when it has ended; `nil` if calls are not reported. Must return at once.
    package let onCall: (@Sendable (BridgedCall) -> Void)?
    /// The SHA-256, in hexadecimal, of the command's text.
    package let scriptDigest: String
    /// Asks the person who uses the client; `nil` if the client can't.
    package let user: (any UserInteraction)?
    /// Where the command is in a trace; `nil` if it isn't part of one.
    package let trace: TraceContext?

    /// How long people may be asked about one command in all, in seconds.
    package static let maxAskedSeconds = 3600.0

    package init(
        holdClock: @escaping @Sendable (_ isHeld: Bool) -> Void,
        suspendClock: @escaping @Sendable (_ isSuspended: Bool) -> Void = { _ in },
        onProgress: (@Sendable (String) -> Void)? = nil, onCall: (@Sendable (BridgedCall) -> Void)? = nil,
        scriptDigest: String = "", user: (any UserInteraction)? = nil, trace: TraceContext? = nil
    ) {
        self.holdClock = holdClock
        self.suspendClock = suspendClock
        self.onProgress = onProgress
        self.onCall = onCall
        self.scriptDigest = scriptDigest
        self.user = user
        self.trace = trace
    }
}

/// A call outside that a command's code made.
public struct BridgedCall: Sendable, Equatable {
    /// The server's name.
    public let server: String
    /// The tool's own name.
    public let tool: String
    /// How long it took.
    public let seconds: Double
    /// Whether the tool's result was passed on.
    public let isOK: Bool

    package init(server: String, tool: String, seconds: Double, isOK: Bool) {
        (self.server, self.tool, self.seconds, self.isOK) = (server, tool, seconds, isOK)
    }
}

/// A file in the sandbox's directory of modules.
package struct ModuleFile: Sendable, Equatable {
    /// The path below the directory: letters and digits of any alphabet, `_`, `.`, `-` and `/`.
    package let path: String
    package let content: [UInt8]

    package init(path: String, content: [UInt8]) {
        self.path = path
        self.content = content
    }
}
