import Diagnostics
import ExecCore

/// What the server was started with: flags, else variables, else defaults.
struct Options: Sendable, Equatable {
    var configuration = SandboxConfiguration()
    var limits = Limits()
    var engine = "docker"
    var user: UserID
    /// Path of the file that gets a line for each call; `nil` for none.
    var auditLog: String?
    var logLevel = LogLevel.info

    init(user: UserID) {
        self.user = user
    }
}
