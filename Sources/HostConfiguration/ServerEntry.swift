/// How a host is to start this server: what becomes one entry of its configuration.
public struct ServerEntry: Sendable, Equatable {
    /// The name that the host knows the server by; see ``isName(_:)``.
    public var name: String
    /// The absolute path of the program: desktop hosts start servers with a bare `PATH`.
    public var program: String
    /// What the program is started with.
    public var arguments: [String]
    /// The longest that a call of a tool may take, in seconds. Hosts with a limit of their own have to wait longer.
    public var longestCall: Int
    /// Whether nothing that a tool does can touch more than files of the server's own: then a host need not ask a person
    /// before each call.
    public var isConfined: Bool

    /// - Parameters:
    ///   - name: a name for which ``isName(_:)`` holds.
    ///   - longestCall: seconds.
    public init(
        name: String = "exec", program: String, arguments: [String] = [], longestCall: Int = 600,
        isConfined: Bool = true
    ) {
        self.name = name
        self.program = program
        self.arguments = arguments
        self.longestCall = longestCall
        self.isConfined = isConfined
    }

    /// What names are accepted, as part of a sentence.
    public static let namePattern = "a letter, then up to 62 letters, digits, '-' and '_'"

    /// Whether every host takes `text` as a name, and every notation as a key without quotes.
    public static func isName(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter, text.utf8.count <= 63 else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    /// How long a host has to wait for an answer, in seconds: the longest call, and a minute to start the sandbox.
    var hostTimeout: Int { longestCall + 60 }
}
