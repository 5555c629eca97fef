import Bridge
import Diagnostics
import ExecCore
import JSON
import MCP
import SystemCalls

/// `exec-mcp bridge pending`, `approve`, `deny` and `rules --forget`: for the person who decides about calls outside of
/// any client.
struct ApprovalCommands {
    private let user: UserID
    private let store: ApprovalStore?

    init(_ user: UserID) {
        self.user = user
        store = StateDirectory.usual(variables: Environment.variables).map {
            ApprovalStore(in: $0, of: user) { Self.report($0) }
        }
    }

    func showPending(asJSON: Bool) -> Int32 {
        guard let store else { return withoutStore }
        if let failure = store.failure { return failed(failure) }
        let requests = store.requests
        guard !asJSON else {
            print(JSON.object(["pending": .array(requests.map(Self.json))]).text)
            return 0
        }
        if requests.isEmpty { print("no calls of the user \(user.name) wait for approval") }
        for request in requests { print(ApprovalText().text(request)) }
        return 0
    }

    func approve(_ id: String, _ choice: ApprovalStore.Choice, _ isSure: Bool) -> Int32 {
        guard let store else { return withoutStore }
        guard let request = store.request(id) else { return failed(store.failure ?? .unknown, id) }
        // The id may come from anywhere: what is approved is what is shown.
        print(ApprovalText().text(request))
        if !isSure, Descriptors.isTerminal(0) {
            print(ApprovalText().question(request, choice), terminator: "")
            fflush(nil)
            guard let answer = readLine()?.lowercased(), ["y", "yes"].contains(answer) else {
                print("not approved")
                return 1
            }
        }
        return decide(request.id, choice, said: Self.done(choice))
    }

    func deny(_ id: String) -> Int32 {
        guard let store else { return withoutStore }
        guard let request = store.request(id) else { return failed(store.failure ?? .unknown, id) }
        print(ApprovalText().text(request))
        return decide(request.id, .deny, said: Self.done(.deny))
    }

    /// Denies all calls that wait, also those that were approved and not made yet.
    func denyAll() -> Int32 {
        guard let store else { return withoutStore }
        return Foreground.run { [self] in
            do throws(ApprovalStore.ChangeError) {
                let requests = try await store.denyAll()
                if requests.isEmpty { print("no calls of the user \(user.name) wait for approval") }
                for request in requests { print(ApprovalText().text(request)) }
                return 0
            } catch {
                return failed(error)
            }
        }
    }

    func forget(_ server: String, _ tool: String?) -> Int32 {
        guard let store else { return withoutStore }
        return Foreground.run { [self] in
            do throws(ApprovalStore.ChangeError) {
                let count = try await store.forget(server: server, tool: tool)
                print("\(count) approval\(count == 1 ? "" : "s") revoked; running sessions ask again")
                return 0
            } catch {
                return failed(error)
            }
        }
    }

    private func decide(_ id: String, _ choice: ApprovalStore.Choice, said: String) -> Int32 {
        guard let store else { return withoutStore }
        return Foreground.run { [self] in
            do throws(ApprovalStore.ChangeError) {
                try await store.decide(id, choice)
                print(said)
                return 0
            } catch {
                return failed(error, id)
            }
        }
    }

    // MARK: - Texts

    private static func done(_ choice: ApprovalStore.Choice) -> String {
        switch choice {
        case .once: "approved: it may be made once, within \(minutes) minutes"
        case .session:
            "approved until the session ends that asked, at most \(Int(ApprovalStore.sessionSeconds / 3600)) hours"
        case .always: "approved for good; exec-mcp bridge rules --forget SERVER TOOL revokes it"
        case .deny: "denied"
        }
    }

    private static var minutes: Int { Int(ApprovalStore.pendingSeconds / 60) }

    private static func json(_ request: ApprovalRequest) -> JSON {
        [
            "id": .string(request.id), "state": .string(request.state.rawValue), "server": .string(request.server),
            "tool": .string(request.tool), "arguments": .string(request.arguments),
            "argumentBytes": .integer(request.argumentBytes), "rule": .string(request.rule),
            "reason": .string(request.reason), "mayLast": .bool(request.mayLast), "script": .string(request.script),
            "created": .string(Timestamp.text(of: request.created)),
            "expires": .string(Timestamp.text(of: request.expires)),
        ]
    }

    // MARK: - Failures

    private var withoutStore: Int32 {
        Self.report("HOME is not set, so approvals cannot be found: set it")
        return 1
    }

    private func failed(_ error: ApprovalStore.ChangeError, _ id: String = "") -> Int32 {
        switch error {
        case .unknown:
            Self.report(
                """
                no call of the user \(user.name) waits under the id \(id.visible.prefix(100)): it may have expired, been \
                made, or belong to another user (--user NAME); exec-mcp bridge pending lists them
                """)
        case .decided(let state): Self.report("it has already been decided: \(state.rawValue)")
        case .mustNotLast:
            Self.report(
                """
                a rule of the configuration requires a question each time; --always does not change that. Approve it once, \
                or with --session.
                """)
        case .unreadable(let reason):
            Self.report(
                """
                the approvals of the user \(user.name) cannot be read: \(reason). Fix that and try again; nothing was \
                changed
                """)
        case .unwritable: Self.report("the approvals cannot be written")
        }
        return 1
    }

    private static func report(_ message: String) {
        Logger.writeToStandardError("exec-mcp: \(message.singleLine(limit: 1000))\n")
    }
}
