import Diagnostics
import ExecCore

/// What the server was started with: flags, else variables, else defaults.
struct Options: Sendable, Equatable {
    var configuration = SandboxConfiguration()
    var limits = Limits()
    var engine = "docker"
    var user: UserID
    /// Whether whoever lists the tools gets a sandbox ahead of the first call.
    var prewarm = false
    /// Users who get one then too, each named once. Their names alone ask for it.
    var prewarmUsers: [UserID] = []
    /// Path of the file that gets a line for each call; `nil` for none.
    var auditLog: String?
    var logLevel = LogLevel.info

    init(user: UserID) {
        self.user = user
    }

    /// Whether any sandbox is started ahead of the first call.
    var startsAhead: Bool { prewarm || !prewarmUsers.isEmpty }
}
