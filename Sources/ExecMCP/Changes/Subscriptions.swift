import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// Who wants to hear of what, and the notifications that they get.
///
/// A legacy client that has shaken hands hears of every list that changes, and of the resources that it subscribed to
/// (2025-11-25, server/resources). A modern client opens streams, each with its own filter (2026-07-28,
/// basic/patterns/subscriptions).
final class Subscriptions: Sendable {
    /// A resource, seen by a user: artifacts of one name are different things to different users.
    struct Subject: Hashable, Sendable {
        let resource: ResourceURI
        let user: UserID

        init(resource: ResourceURI, user: UserID) {
            self.resource = resource
            self.user = user
        }
    }

    /// How many resources a legacy client may subscribe to, or one stream may name.
    static let maximumSubjects = 10_000
    /// How many bytes their URIs may have together.
    static let maximumSubjectBytes = 1 << 20
    /// How many streams may be open at once.
    static let maximumStreams = 64

    private struct State {
        var isLegacyOpen = false
        /// The legacy client's subscriptions, with the URIs as it wrote them.
        var legacySubjects: [Subject: String] = [:]
        var legacyBytes = 0
        /// Not by request id: a client may use one again before the stream of that id has gone.
        var streams: [ObjectIdentifier: ListenStream] = [:]
        var isClosed = false
        var onAudience: @Sendable () -> Void = {}
    }

    private let state = Locked(State())
    private let defaultUser: @Sendable () -> UserID
    private let notify: @Sendable (Notification) -> Void

    /// - Parameters:
    ///   - defaultUser: whose artifacts a legacy client hears of without naming a user; asked for at the first change.
    ///   - notify: sends to the client.
    init(
        defaultUser: @escaping @autoclosure @Sendable () -> UserID, notify: @escaping @Sendable (Notification) -> Void
    ) {
        self.defaultUser = defaultUser
        self.notify = notify
    }

    /// Says what to do when there is someone to tell; it may be done more than once.
    func onAudience(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.onAudience = action }
    }

    /// A legacy client has finished its handshake.
    func openLegacy() {
        state.withLock { $0.onAudience }()
        state.withLock { $0.isLegacyOpen = true }
    }

    /// - Throws: -32602 where there are too many.
    func subscribe(to subject: Subject, as uri: String) throws(RPCError) {
        try state.withLock { (state) throws(RPCError) in
            let bytes = state.legacyBytes + uri.utf8.count - (state.legacySubjects[subject]?.utf8.count ?? 0)
            guard state.legacySubjects.count < Self.maximumSubjects, bytes <= Self.maximumSubjectBytes else {
                throw .invalidParams(
                    """
                    At most \(Self.maximumSubjects) resources can be subscribed to, with URIs of \
                    \(Self.maximumSubjectBytes) bytes together.
                    """)
            }
            state.legacySubjects[subject] = uri
            state.legacyBytes = bytes
        }
    }

    func unsubscribe(from subject: Subject) {
        state.withLock { $0.legacyBytes -= $0.legacySubjects.removeValue(forKey: subject)?.utf8.count ?? 0 }
    }

    /// Serves one stream: acknowledges it, then sends what its filter lets through, until the task is cancelled or the
    /// server ends.
    ///
    /// - Throws: -32602 where too many are open.
    func serve(_ stream: ListenStream) async throws(RPCError) {
        // Before the client can take the stream for open: from then on it misses nothing.
        state.withLock { $0.onAudience }()
        try state.withLock { (state) throws(RPCError) in
            guard state.streams.count < Self.maximumStreams else {
                throw .invalidParams("\(Self.maximumStreams) subscriptions are open; end one first.")
            }
            // Nothing may come before the acknowledgement, so it is sent while no change can be told.
            stream.acknowledge()
            if state.isClosed { stream.end() } else { state.streams[ObjectIdentifier(stream)] = stream }
        }
        await stream.waitForEnd()
        state.withLock { $0.streams[ObjectIdentifier(stream)] = nil }
    }

    /// Ends all streams in order, before the server does.
    func close() {
        let streams = state.withLock { state in
            state.isClosed = true
            return state.streams.values
        }
        streams.forEach { $0.end() }
    }

    /// Tells everyone who wants to know.
    func publish(_ change: Change) {
        state.withLock { state in
            if state.isLegacyOpen { tellLegacy(change, state.legacySubjects) }
            for stream in state.streams.values { stream.tell(change) }
        }
    }

    private func tellLegacy(_ change: Change, _ subjects: [Subject: String]) {
        let defaultUser = defaultUser()
        let users = Set(subjects.keys.map(\.user)).union([defaultUser])
        for notification in change.listNotifications where users.contains(change.user ?? defaultUser) {
            notify(notification)
        }
        for (subject, uri) in subjects where change.touches(subject) {
            notify(Change.updated(uri))
        }
    }
}

extension Change {
    /// Whose artifacts or tasks it is about; `nil` for what is everybody's.
    var user: UserID? {
        switch self {
        case .artifacts(let user, _), .task(let user, _, _): user
        case .skills, .toolModules: nil
        }
    }

    var changesResourceList: Bool {
        switch self {
        case .artifacts(_, let change): change.listChanged
        case .skills(_, let listChanged): listChanged
        case .toolModules, .task: false
        }
    }

    /// The system prompt names the skills and the modules.
    var changesPrompt: Bool {
        switch self {
        case .skills, .toolModules: true
        case .artifacts, .task: false
        }
    }

    /// The notifications about whole lists.
    var listNotifications: [Notification] {
        (changesResourceList ? [Self.resourceListChanged] : []) + (changesPrompt ? [Self.promptListChanged] : [])
    }

    func touches(_ subject: Subscriptions.Subject) -> Bool {
        switch (self, subject.resource) {
        case (.artifacts(let user, let change), .artifact(let name)):
            user == subject.user && change.touches(name)
        case (.skills(let changed, _), .skill):
            changed.contains(subject.resource)
        default: false
        }
    }

    static let resourceListChanged = Notification(method: "notifications/resources/list_changed")
    static let promptListChanged = Notification(method: "notifications/prompts/list_changed")

    static func updated(_ uri: String) -> Notification {
        Notification(method: "notifications/resources/updated", params: ["uri": .string(uri)])
    }
}

extension ArtifactChange {
    /// Whether it is about the artifact called `name`. One that lists not all counts for every name.
    func touches(_ name: String) -> Bool {
        !isComplete || [added, modified, removed].contains { $0.contains { ExactText($0) == ExactText(name) } }
    }
}
