import SystemCalls

/// The severity of a log line, in ascending order.
public enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    case debug, info, warning, error

    /// Parses a level's name; `nil` for anything else.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    /// The level's name, as in `--log-level`.
    public var name: String { String(describing: self) }

    /// Whether `left` is less severe than `right`.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

/// Writes log lines to standard error. Standard output is reserved for a protocol, or for the answer.
public struct Logger: Sendable {
    private static let maxLength = 2000

    private let program: String
    private let level: LogLevel
    private let sink: @Sendable (String) -> Void
    private var rewording: (@Sendable (String) -> String)?

    /// A logger that emits lines of at least this level.
    ///
    /// - Parameters:
    ///   - program: the program's name, the prefix of each line.
    ///   - level: the minimum level.
    ///   - sink: receives each line including its line terminator; writes to standard error by default.
    public init(
        program: String, level: LogLevel, sink: @escaping @Sendable (String) -> Void = Self.writeToStandardError
    ) {
        self.program = program
        self.level = level
        self.sink = sink
    }

    /// Returns the logger with each message but those for developers replaced by what `change` returns.
    public func rewording(_ change: @escaping @Sendable (String) -> String) -> Logger {
        var copy = self
        copy.rewording = change
        return copy
    }

    /// Logs details for developers.
    public func debug(_ message: @autoclosure () -> String) { log(.debug, message) }
    /// Logs an event of normal operation.
    public func info(_ message: @autoclosure () -> String) { log(.info, message) }
    /// Logs a problem that the user may want to fix.
    public func warning(_ message: @autoclosure () -> String) { log(.warning, message) }
    /// Logs a failure.
    public func error(_ message: @autoclosure () -> String) { log(.error, message) }

    private func log(_ level: LogLevel, _ message: () -> String) {
        guard level >= self.level else { return }
        let text = level > .debug ? rewording?(message()) ?? message() : message()
        sink("\(program): \(level.name): \(text.singleLine(limit: Self.maxLength))\n")
    }

    /// Writes `line` to descriptor 2, in one piece if possible. If another process that shares the descriptor has made
    /// it non-blocking, a line that nobody reads within a second is lost.
    @Sendable
    public static func writeToStandardError(_ line: String) {
        Descriptors.write(Array(line.utf8), to: 2, stallTimeout: 1000)
    }
}
