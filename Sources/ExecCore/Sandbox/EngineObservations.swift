import Diagnostics
import Threading

/// What sandbox starts reveal about the engine, each logged once: its messages, and the limits that it doesn't
/// enforce.
final class EngineObservations: Sendable {
    /// How many lines from the engine are logged for one sandbox, and how many different ones in all.
    private static let maxLines = 20
    private static let maxDifferentLines = 100
    private static let lineLimit = 600

    private struct State {
        var lines: Set<String> = []
        var limits = LimitKnowledge()
        /// Those who wait for the sandbox of a user, by a number of their own.
        var listeners: [UserID: [Int: @Sendable (String) -> Void]] = [:]
        var listenerCount = 0
    }

    /// Receives what happens to the sandboxes.
    let events: SandboxEvents
    private let logger: Logger
    private let state = Locked(State())

    init(logger: Logger, events: SandboxEvents = SandboxEvents()) {
        self.logger = logger
        self.events = events
    }

    /// What is known about the limits.
    var limits: LimitKnowledge { state.withLock { $0.limits } }

    /// Records the limits that a sandbox reports, with a warning if the engine doesn't enforce them.
    func record(_ seen: SeenLimits, of configuration: SandboxConfiguration) {
        let broken = seen.broken(for: configuration)
        let kinds = Set(broken.map(\.kind))
        let knowledge = LimitKnowledge(
            held: Set(LimitKind.allCases).subtracting(kinds).subtracting(seen.hidden), broken: kinds)
        let isNews = state.withLock { state in
            defer { state.limits = knowledge }
            return state.limits != knowledge
        }
        guard isNews, !broken.isEmpty else { return }
        logger.warning(
            """
            the engine does not enforce the limits of sandboxes: there is \
            \(broken.map(\.description).joined(separator: ", ")). Code in a sandbox can use everything that \
            this machine has. \(SeenLimits.remedy)
            """)
    }

    /// Records the directories that a sandbox cannot write to, with a warning. Directories that it cannot work without
    /// are checked elsewhere.
    func record(unwritable places: [String], of configuration: SandboxConfiguration) {
        let known = ["/artifacts", "/tmp", "/output", SandboxSpec.home].filter(places.contains)
        guard !known.isEmpty else { return }
        let warning = """
            sandboxes cannot write to \(known.joined(separator: ", ")), whose mode comes from the image \
            \(configuration.image.singleLine(limit: 100)): make it writable for everybody in the image (chmod 1777), \
            and remove the user's volumes
            """
        if state.withLock({ $0.lines.insert(warning).inserted }) { logger.warning(warning) }
    }

    /// Runs `body`, during which `listener` receives the lines given to ``tell(_:to:)`` for this user.
    func telling<Value: Sendable>(
        _ listener: (@Sendable (String) -> Void)?, of user: UserID, _ body: () async throws -> Value
    ) async rethrows -> Value {
        guard let listener else { return try await body() }
        let number = state.withLock { state in
            state.listenerCount += 1
            state.listeners[user, default: [:]][state.listenerCount] = listener
            return state.listenerCount
        }
        defer {
            state.withLock { state in
                state.listeners[user]?[number] = nil
                if state.listeners[user]?.isEmpty == true { state.listeners[user] = nil }
            }
        }
        return try await body()
    }

    /// Passes a line on to those who wait for a user's sandbox.
    func tell(_ line: String, to user: UserID) {
        let listeners = state.withLock { $0.listeners[user]?.values.map { $0 } ?? [] }
        for listener in listeners { listener(line) }
    }

    /// Returns a closure that accepts chunks of what the engine's command line writes to standard error for one
    /// sandbox and logs them line by line.
    ///
    /// - Parameter onLine: called with each line that isn't blank.
    func listener(
        onLine: @escaping @Sendable (String) -> Void = { _ in }
    ) -> @Sendable (UnsafeRawBufferPointer) -> Void {
        let partial = Locked<(line: [UInt8], count: Int)>(([], 0))
        return { [self] bytes in
            let lines = partial.withLock { partial in
                var lines: [[UInt8]] = []
                for byte in bytes where partial.count < Self.maxLines {
                    if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                        lines.append(partial.line)
                        partial = ([], partial.count + 1)
                    } else if partial.line.count < 4 * Self.lineLimit {
                        partial.line.append(byte)
                    }
                }
                return lines
            }
            for line in lines {
                let text = String(decoding: line, as: UTF8.self).singleLine(limit: Self.lineLimit)
                guard text.contains(where: { !$0.isWhitespace }) else { continue }
                log(text)
                onLine(text)
            }
        }
    }

    private func log(_ line: String) {
        let isNew = state.withLock { state in
            state.lines.count < Self.maxDifferentLines && state.lines.insert(line).inserted
        }
        if isNew { logger.warning("the engine says: \(line)") }
    }
}

/// What is known about how the engine enforces the limits of sandboxes. Empty until the first one has started.
public struct LimitKnowledge: Sendable, Equatable {
    /// The limits that are enforced.
    public let held: Set<LimitKind>
    /// The limits that are not enforced. A limit in neither set cannot be observed.
    public let broken: Set<LimitKind>

    /// Creates the knowledge of what was observed.
    public init(held: Set<LimitKind> = [], broken: Set<LimitKind> = []) {
        self.held = held
        self.broken = broken
    }
}
