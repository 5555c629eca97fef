/// A tool server as the configuration names it.
struct ToolServerEntry: Sendable, Equatable {
    /// What it is called in messages, and where names of tools clash.
    var name: String
    /// The program: a path, or a name to look for on `PATH`.
    var command: String
    /// What the program is started with.
    var arguments: [String] = []
    /// Variables besides those that it has from us.
    var environment: [String: String] = [:]
    /// The directory that it starts in; `nil` for our own.
    var workingDirectory: String?
    /// Seconds that a run waits for its tools; `nil` for the usual time.
    var startSeconds: Double?
    /// Which of its tools are offered.
    var tools = ToolFilter()
}

/// The configuration cannot be used. Says where and why, and what would be right.
struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    let message: String

    var description: String { message }
}
