import Diagnostics
import ExecCore

/// What the server was started with: flags, else variables, else defaults.
struct Options: Sendable, Equatable {
    var configuration = SandboxConfiguration()
    var limits = Limits()
    var engine = "docker"
    /// Whose sandbox it is where a request does not say: the user that was named, else that of this account.
    var user: UserID {
        get { namedUser ?? .ofThisAccount }
        set { namedUser = newValue }
    }
    private var namedUser: UserID?
    /// How a command's result tells of artifacts.
    var artifactLinks = ArtifactLinks.link
    /// Whether whoever lists the tools gets a sandbox ahead of the first call.
    var prewarm = false
    /// Users who get one then too, each named once. Their names alone ask for it.
    var prewarmUsers: [UserID] = []
    /// Path of the file that gets a line for each call; `nil` for none.
    var auditLog: String?
    var logLevel = LogLevel.info

    /// Options of a server whose user is that of this account.
    init() {}

    init(user: UserID) {
        namedUser = user
    }

    /// Whether any sandbox is started ahead of the first call.
    var startsAhead: Bool { prewarm || !prewarmUsers.isEmpty }
}
