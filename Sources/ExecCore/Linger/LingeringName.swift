/// The name of the socket at which a lingering sandbox is available. It encodes which sandboxes match, and their
/// order: those with background processes first, then the one that was started first.
struct LingeringName: Sendable, Comparable {
    private static let suffix = ".sock"

    /// The configuration's digest from ``LingerKey``.
    let key: String
    /// Whether background processes are alive in it.
    let hasJobs: Bool
    /// When it was started, in milliseconds since 1970.
    let started: Int
    private let token: String

    /// Creates a unique name.
    init(key: String, hasJobs: Bool, started: Int) {
        self.key = key
        self.hasJobs = hasJobs
        self.started = started
        token = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    }

    /// Parses a file name; `nil` if it isn't a valid name of such a socket.
    init?(fileName: String) {
        guard fileName.hasSuffix(Self.suffix) else { return nil }
        let parts = fileName.dropLast(Self.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 4, ["jobs", "none"].contains(parts[1]), let started = Int(parts[2], radix: 16),
            started >= 0
        else { return nil }
        key = String(parts[0])
        hasJobs = parts[1] == "jobs"
        self.started = started
        token = String(parts[3])
    }

    /// The name of the file.
    var fileName: String {
        "\(key)-\(hasJobs ? "jobs" : "none")-\(String(started, radix: 16))-\(token)\(Self.suffix)"
    }

    /// Whether `left` is the better choice.
    static func < (left: LingeringName, right: LingeringName) -> Bool {
        (left.hasJobs ? 0 : 1, left.started, left.token) < (right.hasJobs ? 0 : 1, right.started, right.token)
    }
}
