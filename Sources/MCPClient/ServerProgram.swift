/// A program that is an MCP server on its standard input and output, and what to start it with.
public struct ServerProgram: Sendable, Equatable {
    /// Path of the program file.
    public var executable: String
    /// What the program gets after its own name. There is no shell between.
    public var arguments: [String]
    /// The whole environment of the program.
    public var environment: [String: String]
    /// The directory that it starts in; `nil` for our own.
    public var workingDirectory: String?
    /// Texts that are not told of what the program says of itself and its errors, by what stands in their place. Those of
    /// fewer than 8 bytes are.
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

/// Who a client is, as it tells the server.
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

/// Who hears of what a server does by itself. All but ``elicitation`` are called on the thread that reads from the server, in order, and
/// must return soon: nothing more is read meanwhile.
public struct ServerHandlers: Sendable {
    /// A notification that belongs to no request: `notifications/tools/list_changed` and the like.
    public var onNotification: @Sendable (_ method: String) -> Void
    /// A line of the server's standard error.
    public var onErrorLine: @Sendable (String) -> Void
    /// Something that a server ought not to do and that is passed over; each kind is told once.
    public var onRemark: @Sendable (String) -> Void
    /// Answers the server's questions to its user; `nil` declares no elicitation.
    public var elicitation: (any ElicitationHandler)?

    /// Handlers; those left out do nothing.
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
