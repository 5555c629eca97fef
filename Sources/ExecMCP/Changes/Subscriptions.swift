import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// The clients' subscriptions, and the notifications that they receive.
///
/// A legacy client that has completed its handshake receives notifications of all list changes, and of the resources
/// that it subscribed to (2025-11-25, server/resources). A modern client opens streams, each with its own filter
/// (2026-07-28, basic/patterns/subscriptions).
final class Subscriptions: Sendable {
    /// A resource as seen by a user: artifacts with the same name are different resources for different users.
    struct Subject: Hashable, Sendable {
        let resource: ResourceURI
        let user: UserID

        init(resource: ResourceURI, user: UserID) {
            self.resource = resource
            self.user = user
        }
    }

    /// The maximum number of resources that a legacy client may subscribe to, or that a stream may name.
    static let maxSubjects = 10_000
    /// The maximum total size of their URIs, in bytes.
    static let maxSubjectBytes = 1 << 20
    /// The maximum number of open streams.
    static let maxStreams = 64

    private struct State {
        var isLegacyOpen = false
        /// The legacy client's subscriptions, with the URIs as the client wrote them.
        var legacySubjects: [Subject: String] = [:]
        var legacyBytes = 0
        /// Not keyed by request ID: a client may reuse an ID before the old stream has been removed.
        var streams: [ObjectIdentifier: ListenStream] = [:]
        var isClosed = false
        var onAudience: @Sendable () -> Void = {}
    }

    private let state = Locked(State())
    private let defaultUser: @Sendable () -> UserID
    private let notify: @Sendable (Notification) -> Void

    /// - Parameters:
    ///   - defaultUser: the user whose artifact changes a legacy client receives without naming a user; not
    ///     evaluated before the first change.
    ///   - notify: sends a notification to the client.
    init(
        defaultUser: @escaping @autoclosure @Sendable () -> UserID, notify: @escaping @Sendable (Notification) -> Void
    ) {
        self.defaultUser = defaultUser
        self.notify = notify
    }

    /// Sets the action to run when there is a client to notify; it may run more than once.
    func onAudience(_ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.onAudience = action }
    }

    /// Starts notifying a legacy client, which has completed its handshake.
    func openLegacy() {
        state.withLock { $0.onAudience }()
        state.withLock { $0.isLegacyOpen = true }
    }

    /// - Throws: -32602 if there are too many subscriptions.
    func subscribe(to subject: Subject, as uri: String) throws(RPCError) {
        try state.withLock { (state) throws(RPCError) in
            let bytes = state.legacyBytes + uri.utf8.count - (state.legacySubjects[subject]?.utf8.count ?? 0)
            guard state.legacySubjects.count < Self.maxSubjects, bytes <= Self.maxSubjectBytes else {
                throw .invalidParams(
                    """
                    At most \(Self.maxSubjects) resources can be subscribed to, with URIs of \
                    \(Self.maxSubjectBytes) bytes in total.
                    """)
            }
            state.legacySubjects[subject] = uri
            state.legacyBytes = bytes
        }
    }

    func unsubscribe(from subject: Subject) {
        state.withLock { $0.legacyBytes -= $0.legacySubjects.removeValue(forKey: subject)?.utf8.count ?? 0 }
    }

    /// Serves a stream: acknowledges it, then sends the changes that match its filter, until the task is cancelled or
    /// the server shuts down.
    ///
    /// - Throws: -32602 if too many streams are open.
    func serve(_ stream: ListenStream) async throws(RPCError) {
        // Before the acknowledgement: once the client considers the stream open, it must not miss a change.
        state.withLock { $0.onAudience }()
        try state.withLock { (state) throws(RPCError) in
            guard state.streams.count < Self.maxStreams else {
                throw .invalidParams("\(Self.maxStreams) subscriptions are open; end one first.")
            }
            // Nothing may precede the acknowledgement, so it is sent while the lock keeps changes from being published.
            stream.acknowledge()
            if state.isClosed { stream.end() } else { state.streams[ObjectIdentifier(stream)] = stream }
        }
        await stream.waitForEnd()
        state.withLock { $0.streams[ObjectIdentifier(stream)] = nil }
    }

    /// Ends all streams in an orderly way before the server shuts down.
    func close() {
        let streams = state.withLock { state in
            state.isClosed = true
            return state.streams.values
        }
        streams.forEach { $0.end() }
    }

    /// Notifies all clients that subscribed to the change.
    func publish(_ change: Change) {
        state.withLock { state in
            if state.isLegacyOpen { notifyLegacy(change, state.legacySubjects) }
            for stream in state.streams.values { stream.notify(change) }
        }
    }

    private func notifyLegacy(_ change: Change, _ subjects: [Subject: String]) {
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
    /// The user whose artifacts or tasks changed; `nil` for a change that concerns all users.
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

    /// Whether the system prompt changes, which names the skills and the modules.
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
    /// Whether the artifact called `name` changed. An incomplete change matches every name.
    func touches(_ name: String) -> Bool {
        !isComplete || [added, modified, removed].contains { $0.contains { ExactText($0) == ExactText(name) } }
    }
}
