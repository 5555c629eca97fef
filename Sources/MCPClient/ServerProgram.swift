/// An MCP server program that uses standard input and output, and the parameters to start it with.
public struct ServerProgram: Sendable, Equatable {
    /// Path of the program file.
    public var executable: String
    /// The arguments after the program's name. No shell is involved.
    public var arguments: [String]
    /// The complete environment of the program.
    public var environment: [String: String]
    /// The directory to start it in; `nil` for the current one.
    public var workingDirectory: String?
    /// Texts to redact in the program's output and errors, by the label that replaces each. Texts of fewer than 8
    /// bytes are not redacted.
    public var secrets: [String: String]

    /// A program.
    public init(
        executable: String, arguments: [String] = [], environment: [String: String], workingDirectory: String? = nil,
        secrets: [String: String] = [:]
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.secrets = secrets
    }
}

/// A client's identity, as sent to the server.
public struct ClientIdentity: Sendable, Equatable {
    /// Name for programs.
    public let name: String
    /// The program's version.
    public let version: String

    /// An identity.
    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
}

/// Handlers of events that a server originates. All but ``elicitation`` are called on the thread that reads from the
/// server, in order, and must return quickly: reading stops meanwhile.
public struct ServerHandlers: Sendable {
    /// Called with a notification that belongs to no request, such as `notifications/tools/list_changed`.
    public var onNotification: @Sendable (_ method: String) -> Void
    /// Called with a line of the server's standard error.
    public var onErrorLine: @Sendable (String) -> Void
    /// Called with a protocol violation that is tolerated; once per distinct text.
    public var onRemark: @Sendable (String) -> Void
    /// Answers the server's questions to its user; `nil` declares no elicitation.
    public var elicitation: (any ElicitationHandler)?

    /// Handlers; omitted ones do nothing.
    public init(
        onNotification: @escaping @Sendable (_ method: String) -> Void = { _ in },
        onErrorLine: @escaping @Sendable (String) -> Void = { _ in },
        onRemark: @escaping @Sendable (String) -> Void = { _ in },
        elicitation: (any ElicitationHandler)? = nil
    ) {
        self.onNotification = onNotification
        self.onErrorLine = onErrorLine
        self.onRemark = onRemark
        self.elicitation = elicitation
    }
}
