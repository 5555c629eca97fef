import SystemCalls

/// What every sandbox of this server is like.
public struct SandboxConfiguration: Sendable, Equatable {
    /// Where `/workspace` comes from.
    public enum Workspace: Sendable, Equatable {
        /// Named volumes of the user, which survive the server.
        case persistent
        /// Memory, gone with the sandbox.
        case ephemeral
        /// This directory of the host, for this user and nobody else.
        case directory(path: String, user: UserID)
    }

    /// Name of the image.
    public var image = "mcp-code-executor:latest"
    /// Where `/workspace` comes from.
    public var workspace = Workspace.persistent
    /// How much a persistent workspace, with its artifacts, may hold.
    public var workspaceLimit = ByteCount(bytes: 2 << 30)
    /// `none`, `bridge`, or the name of one of the engine's networks.
    public var network = "none"
    /// What may be reached though there is no network: through a proxy at ``proxyPort`` of the sandbox's own loopback.
    public var allowedHosts: [AllowedHost] = []
    /// Memory of all processes and in-memory directories together; there is no swap.
    public var memory = ByteCount(bytes: 1 << 30)
    /// How many processors' time it may use.
    public var cpus = "1"
    /// How many processes and threads it may have: what was set, else 256, or ``pidsWithRuntime`` with a ``runtime``.
    public var pids: Int {
        get { namedPids ?? (runtime == nil ? 256 : Self.pidsWithRuntime) }
        set { namedPids = newValue }
    }
    private var namedPids: Int?
    /// How many it may have by default with a ``runtime``: one with a kernel of its own has threads of the machine do
    /// its work, which count too.
    public static let pidsWithRuntime = 4096
    /// The engine's runtime, for example `runsc`; `nil` for its own.
    public var runtime: String?
    /// Directory of the host that is `/tools`; `nil` for none.
    public var toolsDirectory: String?
    /// Directories of the host whose skills are in `/skills`.
    public var skillsDirectories: [String] = []

    /// Where the sandbox's proxy listens, if there are ``allowedHosts``.
    static let proxyPort = 3128

    /// The defaults.
    public init() {}

    /// Whether anything outside can be reached.
    var hasWayOut: Bool { network != "none" || !allowedHosts.isEmpty }

    /// A directory of the host is one user's alone, and must still be the one that was named: who can write beside it
    /// may have put a link to somewhere else in its place.
    ///
    /// - Throws: ``ExecError`` where `user` cannot have this workspace, or nobody can any more.
    func checkWorkspace(of user: UserID) throws(ExecError) {
        guard case .directory(let path, let only) = workspace else { return }
        guard user == only else {
            throw ExecError(
                .invalidArgument,
                "This server's workspace is a directory of its machine, so it serves the user \(only) and no other.")
        }
        guard Files.realPath(path) == path, Files.isDirectory(path) else {
            throw ExecError(
                .engineFailed,
                """
                The workspace \(path) is no longer the directory that it was when the server started: it is gone, or \
                something on its path has become a link. Put it back, or start the server with another --workspace.
                """)
        }
    }
}
