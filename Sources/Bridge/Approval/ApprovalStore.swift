public import ExecCore
import Hashing
import JSON
import SystemCalls

/// The approvals of one user that outlast a run: calls that wait for one, and tools that are allowed for good. Several
/// processes may use it at once.
public struct ApprovalStore: Sendable {
    /// Why a change was not made.
    public enum ChangeError: Error, Sendable, Equatable {
        /// No call that waits has this id, or it has expired.
        case unknown
        /// Approved or denied before.
        case decided(ApprovalRequest.State)
        /// A configured rule asks each time, which only the configuration can change.
        case mustNotLast
        /// The file can't be read at the moment; with the system's reason. What it says is not known.
        case unreadable(String)
        /// The file can't be written.
        case unwritable
    }

    /// Why a call can't wait for its approval.
    enum AddError: Error, Equatable {
        /// The maximum number of calls is waiting.
        case full
        /// The file can't be read at the moment; with the system's reason.
        case unreadable(String)
        /// The file can't be written.
        case unwritable
    }

    /// Why the file can't be changed.
    private enum FileError: Error {
        case unreadable(String)
        case unwritable
    }

    /// Reads a file below the directory, as ``StateDirectory/content(of:limit:)`` does.
    typealias Reader = @Sendable (String, Int) throws(StateDirectory.ReadError) -> [UInt8]?

    /// What a person decides about a call that waits.
    public enum Choice: Sendable {
        case once
        case session
        case always
        case deny
    }

    /// Seconds that a call waits for its approval, and then for being made.
    public static let pendingSeconds = 3600.0
    /// Seconds that an approval for a session lasts at most.
    public static let sessionSeconds = 12 * 3600.0
    static let longestSeconds = pendingSeconds + sessionSeconds
    static let maxRequests = 50
    private static let maxStanding = 1000
    private static let maxBytes = 8 << 20
    private static let format = 1

    private struct Content: Equatable {
        var requests: [ApprovalRequest] = []
        var standing: [StandingApproval] = []
    }

    private let directory: StateDirectory
    private let user: UserID
    private let log: (@Sendable (String) -> Void)?
    private let file: String
    private let now: @Sendable () -> Double
    private let reading: Reader?

    /// The approvals of a user.
    ///
    /// - Parameters:
    ///   - directory: where they are kept.
    ///   - log: is told of a file that can't be used.
    public init(in directory: StateDirectory, of user: UserID, log: (@Sendable (String) -> Void)? = nil) {
        self.init(in: directory, of: user, log: log, now: { NestedCall.now })
    }

    /// - Parameters:
    ///   - reading: reads a file; `nil` for the usual way.
    ///   - now: returns the seconds since 1970.
    init(
        in directory: StateDirectory, of user: UserID, log: (@Sendable (String) -> Void)? = nil,
        reading: Reader? = nil, now: @escaping @Sendable () -> Double
    ) {
        self.reading = reading
        self.directory = directory
        self.user = user
        self.log = log
        self.now = now
        // Not the name itself: on some file systems two names that differ in case are one file.
        file = "approvals/\(SHA256.hexDigest(of: user.name)).json"
    }

    // MARK: - For people

    /// The calls that wait, and those that were decided about and not made yet, oldest first.
    public var requests: [ApprovalRequest] { content.requests }

    /// The tools that are allowed for good.
    public var standing: [StandingApproval] { content.standing }

    /// Why the file can't be read at the moment; `nil` if it can, or isn't there.
    public var failure: ChangeError? {
        do throws(FileError) {
            _ = try stored()
            return nil
        } catch {
            return Self.changeError(error)
        }
    }

    /// Returns a call that waits, or was decided about; `nil` if none has the id.
    public func request(_ id: String) -> ApprovalRequest? {
        let id = Self.normalized(id)
        return content.requests.first { Self.normalized($0.id) == id }
    }

    /// Decides about a call that waits.
    ///
    /// - Throws: ``ChangeError``.
    public func decide(_ id: String, _ choice: Choice) async throws(ChangeError) {
        let id = Self.normalized(id)
        let now = now()
        let outcome = await changed { content -> Result<Void, ChangeError> in
            guard let place = content.requests.firstIndex(where: { Self.normalized($0.id) == id }) else {
                return .failure(.unknown)
            }
            var request = content.requests[place]
            guard request.state == .pending || choice == .deny else { return .failure(.decided(request.state)) }
            request.expires = now + Self.pendingSeconds
            switch choice {
            case .once: request.state = .once
            case .deny: request.state = .denied
            case .session:
                request.state = .session
                request.expires = now + Self.sessionSeconds
            case .always:
                guard request.mayLast else { return .failure(.mustNotLast) }
                guard Self.add(request.identity, to: &content, now) else { return .failure(.unwritable) }
                content.requests.remove(at: place)
                return .success(())
            }
            // Its own life begins with the decision.
            content.requests[place] = ApprovalRequest(request, decidedAt: now)
            return .success(())
        }
        switch outcome {
        case .success(let decision): try decision.get()
        case .failure(let error): throw Self.changeError(error)
        }
    }

    /// Denies all calls that wait, or were approved and not made yet.
    ///
    /// - Returns: the calls.
    /// - Throws: ``ChangeError``.
    public func denyAll() async throws(ChangeError) -> [ApprovalRequest] {
        let now = now()
        let outcome = await changed { content -> [ApprovalRequest] in
            let places = content.requests.indices.filter { content.requests[$0].state != .denied }
            for place in places {
                content.requests[place].state = .denied
                content.requests[place].expires = now + Self.pendingSeconds
                content.requests[place] = ApprovalRequest(content.requests[place], decidedAt: now)
            }
            return places.map { content.requests[$0] }
        }
        return try outcome.mapError(Self.changeError).get()
    }

    /// Takes approvals for good back.
    ///
    /// - Parameter tool: the tool; `nil` for all of the server.
    /// - Returns: how many.
    /// - Throws: ``ChangeError``.
    public func forget(server: String, tool: String?) async throws(ChangeError) -> Int {
        let outcome = await changed { content in
            let count = content.standing.count
            content.standing.removeAll { approval in
                approval.server.utf8.elementsEqual(server.utf8)
                    && tool.map { $0.utf8.elementsEqual(approval.tool.utf8) } ?? true
            }
            return count - content.standing.count
        }
        return try outcome.mapError(Self.changeError).get()
    }

    private static func changeError(_ error: FileError) -> ChangeError {
        switch error {
        case .unreadable(let reason): .unreadable(reason)
        case .unwritable: .unwritable
        }
    }

    // MARK: - For calls

    /// What the store says about a call.
    enum Answer: Sendable, Equatable {
        case once
        case session
        case always
        case denied
        case none
    }

    /// Returns what the store says about a call. An approval of exactly this call is used up by that.
    ///
    /// - Parameter isAllowed: whether the tool is allowed for the session elsewhere.
    func answer(to call: CallToApprove, session: String, isAllowed: Bool = false) async -> Answer {
        let answer = Self.answer(to: call, session, isAllowed, in: content)
        guard answer == .once else { return answer }
        // Again with the lock: of several calls only one gets it.
        let outcome = await changed { content in
            let answer = Self.answer(to: call, session, isAllowed, in: content)
            if answer == .once { content.requests.removeAll { $0.state == .once && $0.matches(call) } }
            return answer
        }
        return (try? outcome.get()) ?? .none
    }

    private static func answer(
        to call: CallToApprove, _ session: String, _ isAllowed: Bool, in content: Content
    ) -> Answer {
        if content.requests.contains(where: { $0.state == .denied && $0.matches(call) }) { return .denied }
        if isAllowed { return .session }
        if call.mayLast, content.standing.contains(where: { $0.identity == call.identity }) { return .always }
        let ofSession = content.requests.contains {
            $0.state == .session && $0.session == session && $0.identity == call.identity
        }
        if ofSession { return .session }
        return content.requests.contains { $0.state == .once && $0.matches(call) } ? .once : .none
    }

    /// Returns the tools that run without a question: those allowed for good, and those allowed for a session.
    func allowed(in session: String) -> (always: [ToolIdentity], session: [ToolIdentity]) {
        let content = content
        return (
            content.standing.map(\.identity),
            content.requests.filter { $0.state == .session && $0.session == session }.map(\.identity)
        )
    }

    /// Has a call wait for its approval. The same call has one id.
    ///
    /// - Throws: ``AddError``.
    func add(_ call: CallToApprove, session: String) async throws(AddError) -> ApprovalRequest {
        let now = now()
        let outcome = await changed { content -> ApprovalRequest? in
            if let place = content.requests.firstIndex(where: { $0.state == .pending && $0.matches(call) }) {
                // An approval for a session is one of the session that asked last.
                content.requests[place].session = session
                return content.requests[place]
            }
            guard content.requests.count(where: { $0.state == .pending }) < Self.maxRequests else { return nil }
            let request = ApprovalRequest(call, session: session, now: now, seconds: Self.pendingSeconds)
            content.requests.append(request)
            return request
        }
        switch outcome {
        case .success(let request?): return request
        case .success(nil): throw .full
        case .failure(.unreadable(let reason)):
            log?("the approvals of \(user.name) cannot be read: \(directory.path)/\(file): \(reason)")
            throw .unreadable(reason)
        case .failure(.unwritable):
            log?("the approvals of \(user.name) cannot be written: \(directory.path)/\(file)")
            throw .unwritable
        }
    }

    /// How long a call still waits for its approval, in seconds.
    func secondsLeft(of request: ApprovalRequest) -> Double { request.expires - now() }

    /// Allows a tool for good.
    ///
    /// - Returns: whether it is stored.
    func allowAlways(_ identity: ToolIdentity) async -> Bool {
        let now = now()
        return (try? await changed { Self.add(identity, to: &$0, now) }.get()) ?? false
    }

    private static func add(_ identity: ToolIdentity, to content: inout Content, _ now: Double) -> Bool {
        // What the tool declared before is no longer offered.
        content.standing.removeAll {
            $0.server.utf8.elementsEqual(identity.server.utf8) && $0.tool.utf8.elementsEqual(identity.tool.utf8)
                && $0.identity.serverDigest == identity.serverDigest
        }
        guard content.standing.count < maxStanding else { return false }
        content.standing.append(StandingApproval(identity, created: now))
        return true
    }

    // MARK: - The file

    /// What counts now. A file that isn't ours, is damaged or can't be read has no approvals.
    private var content: Content { ((try? stored()) ?? nil) ?? Content() }

    /// Returns what counts now; `nil` if the file isn't there, isn't ours, or is damaged.
    private func stored() throws(FileError) -> Content? {
        let bytes: [UInt8]?
        do throws(StateDirectory.ReadError) {
            if let reading {
                bytes = try reading(file, Self.maxBytes)
            } else {
                bytes = try directory.content(of: file, limit: Self.maxBytes)
            }
        } catch {
            switch error {
            case .unusable: return nil
            case .system(let error): throw .unreadable(error.description)
            }
        }
        guard let bytes, let value = try? JSON.parse(bytes), value["format"]?.integerValue == Self.format,
            value["user"]?.stringValue == user.name
        else { return nil }
        let now = now()
        let requests = value["requests"]?.arrayValue?.compactMap { ApprovalRequest($0) } ?? []
        let standing = value["always"]?.arrayValue?.compactMap { StandingApproval($0) } ?? []
        return Content(requests: requests.filter { $0.isValid(at: now) }, standing: standing)
    }

    /// Changes the file while no other process does.
    ///
    /// - Returns: what `body` returns. What can't be read isn't replaced.
    private func changed<Value>(_ body: (inout Content) -> Value) async -> Result<Value, FileError> {
        let outcome = await directory.locked(file) { () -> Result<Value, FileError> in
            directory.removeUnfinished(of: file)
            let known: Content?
            do throws(FileError) {
                known = try stored()
            } catch {
                return .failure(error)
            }
            let old = known ?? Content()
            var new = old
            let value = body(&new)
            guard new != old else { return .success(value) }
            if known == nil { keepAside() }
            let stored: JSON = [
                "format": .integer(Self.format), "user": .string(user.name),
                "requests": .array(new.requests.map(\.json)), "always": .array(new.standing.map(\.json)),
            ]
            let isWritten = directory.write(stored.serialized(), to: file, isDurable: true)
            return isWritten ? .success(value) : .failure(.unwritable)
        }
        return outcome ?? .failure(.unwritable)
    }

    /// Keeps a file that can't be used, if there is one: it may have approvals that somebody misses.
    private func keepAside() {
        guard let name = directory.keepAside(file) else { return }
        log?("the approvals of \(user.name) could not be read; they are in \(name), and no longer apply")
    }

    private static func normalized(_ id: String) -> String {
        String(id.lowercased().filter { $0 != "-" })
    }
}
