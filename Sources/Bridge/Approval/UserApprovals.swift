import ExecCore
import Threading

/// The tools of one user that people have allowed, at one moment.
struct LastingApprovals: Sendable {
    let always: Set<ToolIdentity>
    let session: Set<ToolIdentity>

    /// Whether calls of a tool run without a question.
    ///
    /// - Parameters:
    ///   - tool: the tool's own name, or a method.
    ///   - identity: returns its identity; called only if that decides.
    func allows(_ tool: String, mayLast: Bool, _ identity: () -> ToolIdentity) -> Bool {
        let isCandidate = (mayLast && always.contains { $0.tool == tool }) || session.contains { $0.tool == tool }
        guard isCandidate else { return false }
        let identity = identity()
        return session.contains(identity) || mayLast && always.contains(identity)
    }
}

/// What people have approved for one user: for the session, in memory, and what is stored.
///
/// The session lasts as long as this program, and an approval for it at most ``ApprovalStore/sessionSeconds``.
final class UserApprovals: Sendable {
    private static let maxTools = 1000

    let user: UserID
    /// Where approvals outlast this program; `nil` for nowhere.
    let store: ApprovalStore?
    let clock: MonotonicClock
    /// Identifies the session in the store.
    private let session: String
    /// Tools that are allowed for the session, and until when.
    private let allowed = Locked<[ToolIdentity: Double]>([:])
    /// Completed at the next approval that lasts.
    private let nextApproval = Locked(AsyncEvent())

    init(
        of user: UserID, in directory: StateDirectory?, session: String = newSession(),
        clock: MonotonicClock = .system, log: (@Sendable (String) -> Void)? = nil
    ) {
        self.user = user
        store = directory.map { ApprovalStore(in: $0, of: user, log: log) }
        self.session = session
        self.clock = clock
    }

    /// Returns what identifies a session: any other one gets something else.
    static func newSession() -> String {
        (0..<4).map { _ in String(UInt32.random(in: 0...UInt32.max), radix: 16) }.joined()
    }

    /// Whether a person has allowed tools for the session, in this program.
    var hasSessionApprovals: Bool {
        let now = clock.now()
        return allowed.withLock { $0.values.contains { $0 > now } }
    }

    /// Returns what was decided about a call. An approval of exactly this call is used up by that.
    func answer(to call: CallToApprove) async -> ApprovalStore.Answer {
        let isAllowed = isAllowedInSession(call.identity)
        guard let store else { return isAllowed ? .session : .none }
        // Also if the tool is allowed: this call may have been denied.
        return await store.answer(to: call, session: session, isAllowed: isAllowed)
    }

    /// Returns how a tool runs without a question by now; `nil` if it needs one.
    func lastingAnswer(for call: CallToApprove) -> ApprovalAnswer? {
        let lasting = lasting
        if lasting.session.contains(call.identity) { return .session }
        return call.mayLast && lasting.always.contains(call.identity) ? .always : nil
    }

    /// Waits until a tool runs without a question, because a person has allowed it in this program.
    ///
    /// - Throws: `CancellationError`.
    func waitForLastingAnswer(for call: CallToApprove) async throws {
        while true {
            let next = nextApproval.withLock { $0 }
            if lastingAnswer(for: call) != nil { return }
            try await next.waitUnlessCancelled()
        }
    }

    private func wakeWaiting() {
        let event = nextApproval.withLock { event in
            defer { event = AsyncEvent() }
            return event
        }
        event.complete()
    }

    /// Whether a person has allowed the tool for the session, in this program.
    func isAllowedInSession(_ identity: ToolIdentity) -> Bool {
        let now = clock.now()
        return allowed.withLock { ($0[identity] ?? 0) > now }
    }

    /// What runs without a question by now.
    var lasting: LastingApprovals {
        let now = clock.now()
        let stored = store?.allowed(in: session) ?? (always: [], session: [])
        let inMemory = allowed.withLock { $0.filter { $0.value > now }.map(\.key) }
        return LastingApprovals(always: Set(stored.always), session: Set(stored.session + inMemory))
    }

    /// Allows a tool for the session.
    func allowInSession(_ identity: ToolIdentity) {
        let now = clock.now()
        allowed.withLock { allowed in
            if allowed.count >= Self.maxTools { allowed = allowed.filter { $0.value > now } }
            // What has no room asks again.
            guard allowed.count < Self.maxTools else { return }
            allowed[identity] = now + ApprovalStore.sessionSeconds
        }
        wakeWaiting()
    }

    /// Allows a tool for good, or for the session if that can't be stored.
    func allowAlways(_ identity: ToolIdentity) async {
        guard await store?.allowAlways(identity) == true else { return allowInSession(identity) }
        wakeWaiting()
    }

    /// Has a call wait for its approval from outside of the client.
    ///
    /// - Returns: `nil` if approvals aren't stored.
    /// - Throws: ``ApprovalStore/AddError``.
    func add(_ call: CallToApprove) async throws(ApprovalStore.AddError) -> ApprovalRequest? {
        try await store?.add(call, session: session)
    }
}
