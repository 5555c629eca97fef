/// How a host should start this server: the data for an entry in its configuration.
public struct ServerEntry: Sendable, Equatable {
    /// The name under which the host lists the server; see ``isName(_:)``.
    public var name: String
    /// The absolute path of the program, because desktop hosts start servers with a minimal `PATH`.
    public var program: String
    /// The program's arguments.
    public var arguments: [String]
    /// The maximum duration of a tool call, in seconds. Hosts with a timeout of their own have to wait longer.
    public var maxCallSeconds: Int
    /// Whether tools can affect only the server's own files; if so, a host needn't ask a person before each call.
    public var isConfined: Bool

    /// - Parameters:
    ///   - name: a name that satisfies ``isName(_:)``.
    ///   - longestCall: the maximum duration of a tool call, in seconds.
    public init(
        name: String = "exec", program: String, arguments: [String] = [], maxCallSeconds: Int = 600,
        isConfined: Bool = true
    ) {
        self.name = name
        self.program = program
        self.arguments = arguments
        self.maxCallSeconds = maxCallSeconds
        self.isConfined = isConfined
    }

    /// The accepted names, as part of a sentence.
    public static let namePattern = "a letter, then up to 62 letters, digits, '-' and '_'"

    /// Whether every host accepts `text` as a name, and every format accepts it as an unquoted key.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter, text.utf8.count <= 63 else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    /// The time that a host has to wait for an answer, in seconds: the longest call plus a minute to start the sandbox.
    var hostTimeout: Int { maxCallSeconds + 60 }
}
