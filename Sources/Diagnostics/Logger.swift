import SystemCalls

/// How much a log line matters, the least first.
public enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    case debug, info, warning, error

    /// Reads a level by its name; `nil` for anything else.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// The level's name, as in `--log-level`.
    public var name: String { String(describing: self) }

    /// Whether `left` matters less than `right`.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Writes lines for people to standard error. Standard output belongs to a protocol, or to the answer.
public struct Logger: Sendable {
    private static let maximumLength = 2000

    private let program: String
    private let level: LogLevel
    private let sink: @Sendable (String) -> Void

    /// A logger that passes on lines of at least this level.
    ///
    /// - Parameters:
    ///   - program: the program's name, which each line begins with.
    ///   - sink: where they go, each with its line end; standard error by default.
    public init(
        program: String, level: LogLevel, sink: @escaping @Sendable (String) -> Void = Self.writeToStandardError
    ) {
        self.program = program
        self.level = level
        self.sink = sink
    }

    /// Logs what only a developer wants to see.
    public func debug(_ message: @autoclosure () -> String) { log(.debug, message) }
    /// Logs what happens in ordinary use.
    public func info(_ message: @autoclosure () -> String) { log(.info, message) }
    /// Logs what the user may want to mend.
    public func warning(_ message: @autoclosure () -> String) { log(.warning, message) }
    /// Logs what failed.
    public func error(_ message: @autoclosure () -> String) { log(.error, message) }

    private func log(_ level: LogLevel, _ message: () -> String) {
        guard level >= self.level else { return }
        sink("\(program): \(level.name): \(message().singleLine(limit: Self.maximumLength))\n")
    }

    /// Writes `line` to descriptor 2, in one piece wherever it can. If another process that shares the descriptor has made it
    /// non-blocking, a line that nobody has read after a second is lost.
    @Sendable
    public static func writeToStandardError(_ line: String) {
        Descriptors.write(Array(line.utf8), to: 2, patience: 1000)
    }
}
