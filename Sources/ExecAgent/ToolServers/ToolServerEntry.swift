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

extension ToolServerEntry {
    /// Variables that are no secrets, whatever they hold.
    private static let open: Set<String> = [
        "PATH", "HOME", "PWD", "TMPDIR", "SHELL", "USER", "LOGNAME", "LANG", "PYTHONPATH", "NODE_PATH",
    ]

    /// What is not to be told of what the server says, by what stands in its place: the values of its variables, and
    /// those of the headers that it is to send.
    var secrets: [String: String] {
        var secrets: [String: String] = [:]
        for (name, value) in environment where !Self.open.contains(name) { secrets["env \(name)"] = value }
        for (number, argument) in arguments.enumerated() {
            let header: Substring
            if ["--header", "-H"].contains(argument), number + 1 < arguments.count {
                header = arguments[number + 1][...]
            } else if argument.hasPrefix("--header=") {
                header = argument.dropFirst("--header=".count)
            } else {
                continue
            }
            guard let colon = header.firstIndex(of: ":") else { continue }
            let value = header[header.index(after: colon)...].drop(while: \.isWhitespace)
            secrets["header \(header[..<colon])"] = String(value)
        }
        return secrets
    }
}

/// The configuration cannot be used. Says where and why, and what would be right.
struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    let message: String

    var description: String { message }
}
