import SystemCalls

/// The configuration that all sandboxes of this server share.
public struct SandboxConfiguration: Sendable, Equatable {
    /// Where `/workspace` comes from.
    public enum Workspace: Sendable, Equatable {
        /// Named volumes of the user, which outlive the server.
        case persistent
        /// Memory; lost when the sandbox ends.
        case ephemeral
        /// This host directory, for this user only.
        case directory(path: String, user: UserID)
    }

    /// How `python3` starts in the sandbox.
    public enum Python: String, Sendable {
        /// The interpreter as it is.
        case plain
        /// As a copy of one that has already imported what this sandbox's programs use.
        case instant
    }

    /// The name of the image.
    public var image = "mcp-code-executor:latest"
    /// How `python3` starts.
    public var python = Python.plain
    /// Whether an instant Python does its imports before the first program that needs them.
    public var preloadsPython = false
    /// Where `/workspace` comes from.
    public var workspace = Workspace.persistent
    /// Maximum size of a persistent workspace together with its artifacts.
    public var workspaceLimit = ByteCount(bytes: 2 << 30)
    /// `none`, `bridge`, or the name of one of the engine's networks.
    public var network = "none"
    /// Whether the guest has to find every way out closed before a command may run, since the engine promises nothing.
    public var provesNoNetwork = false
    /// The hosts that can be reached without a network, through a proxy at ``proxyPort`` on the sandbox's own
    /// loopback.
    public var allowedHosts: [AllowedHost] = []
    /// Memory limit for all processes and in-memory directories together. There is no swap.
    public var memory = ByteCount(bytes: 1 << 30)
    /// How many processors' worth of time it may use.
    public var cpus = "1"
    /// How many processes and threads it may have: the value that was set, otherwise 256, or ``pidsWithRuntime`` with
    /// a ``runtime``.
    public var pids: Int {
        get { namedPids ?? (runtime == nil ? 256 : Self.pidsWithRuntime) }
        set { namedPids = newValue }
    }
    private var namedPids: Int?
    /// The default of ``pids`` with a ``runtime``: one with a kernel of its own uses threads of the machine for its
    /// work, and these count too.
    public static let pidsWithRuntime = 4096
    /// The engine's runtime, for example `runsc`; `nil` for the engine's default.
    public var runtime: String?
    /// The host directory mounted at `/tools`; `nil` for none.
    public var toolsDirectory: String?
    /// The host directories whose skills are mounted in `/skills`.
    public var skillsDirectories: [String] = []
    /// The host directory of the skills that agents wrote and people approved, each user's mounted in `/skills` too;
    /// `nil` for none.
    public var skillStore: String?
    /// Whether what an agent writes into `/workspace` is still there when a person looks at it later.
    public var keepsWorkspace: Bool { workspace != .ephemeral }

    /// Whether code in the sandboxes can call tools of MCP servers: see ``SandboxBridge``.
    package var hasBridge = false

    /// Whether channels are sealed also if the engine doesn't say that it records the output of containers.
    public var sealsChannel = false

    /// The port of the sandbox's proxy, if there are ``allowedHosts``.
    static let proxyPort = 3128

    /// The defaults.
    public init() {}

    /// Whether another container or the host shares the sandbox's network namespace, in which the bridge's socket would
    /// be open to them.
    package var sharesNetworkNamespace: Bool {
        network == "host" || ["container:", "ns:", "pod:"].contains { network.hasPrefix($0) }
    }

    /// Whether the channel of a sandbox of this engine is sealed: see ``SealedRecord``.
    func isSealed(with engine: any ContainerEngine) -> Bool {
        sealsChannel || engine.recordsOutput
    }

    /// Whether anything outside the sandbox can be reached.
    var hasWayOut: Bool { network != "none" || !allowedHosts.isEmpty }

    /// Checks a workspace that is a host directory. It belongs to one user only, and must still be the directory that
    /// was configured: anyone who can write to its parent may have replaced it with a link.
    ///
    /// - Throws: ``ExecError`` if `user` cannot have this workspace, or the directory has changed.
    func checkWorkspace(of user: UserID) throws(ExecError) {
        guard case .directory(let path, let only) = workspace else { return }
        guard user == only else {
            throw ExecError(
                .invalidArgument,
                "This server's workspace is a directory of its machine, so it serves only the user \(only).")
        }
        guard Files.realPath(path) == path, Files.isDirectory(path) else {
            throw ExecError(
                .engineFailed,
                """
                The workspace \(path) is no longer the directory that it was when the server started: it is gone, or \
                something on its path has become a link. Restore it, or start the server with another --workspace.
                """)
        }
    }
}
