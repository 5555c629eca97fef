import JSON
import JSONRPC
import Threading

/// The requests that wait for an answer, by their ids. Each is answered once, whatever comes: the server's answer, the
/// end of its time, a cancelled task or the end of the server.
final class PendingCalls: Sendable {
    /// What a server answered, and how many bytes that had on the wire.
    struct Reply: Sendable {
        let outcome: Result<JSONObject, RPCError>
        let size: Int
    }

    typealias Outcome = Result<Reply, MCPClientError>

    /// How often a request's progress is passed on.
    private static let progressPerSecond = 20.0

    private struct Call {
        let promise: Promise<Reply>
        let onProgress: (@Sendable (String) -> Void)?
        var progressBudget = TokenBucket(perSecond: progressPerSecond, atOnce: progressPerSecond, savedSeconds: 0)
    }

    private enum Slot {
        /// The request is being made.
        case reserved
        /// It was given up before it was made.
        case abandoned(MCPClientError)
        case waiting(Call)
    }

    private struct State {
        var lastID = 0
        var slots: [Int: Slot] = [:]
        /// Why there can be no more.
        var end: MCPClientError?
    }

    private let limit: Int
    private let state = Locked(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// An id for a new request. ``begin(_:_:onProgress:sending:)`` must follow.
    func reserve() throws(MCPClientError) -> Int {
        try state.withLock { (state) throws(MCPClientError) in
            if let end = state.end { throw end }
            guard state.slots.count < limit else { throw .tooManyRequests(limit: limit) }
            state.lastID += 1
            state.slots[state.lastID] = .reserved
            return state.lastID
        }
    }

    /// Lets a request wait for its answer, and sends it.
    ///
    /// - Parameter send: sends it, and says why it could not. Called under the lock, so that no cancellation can come
    ///   before the request itself; must not block and not come back here.
    func begin(
        _ id: Int, _ promise: Promise<Reply>, onProgress: (@Sendable (String) -> Void)?,
        sending send: () -> MCPClientError?
    ) {
        let failure = state.withLock { state -> MCPClientError? in
            guard case .reserved? = state.slots[id] else {
                defer { state.slots[id] = nil }
                if case .abandoned(let error)? = state.slots[id] { return error }
                return state.end ?? .cancelled
            }
            if let failure = state.end ?? send() {
                state.slots[id] = nil
                return failure
            }
            state.slots[id] = .waiting(Call(promise: promise, onProgress: onProgress))
            return nil
        }
        if let failure { promise.resume(throwing: failure) }
    }

    /// Takes an answer.
    ///
    /// - Returns: whether anybody waited for it.
    func finish(_ id: Int, _ outcome: Outcome) -> Bool {
        let call = state.withLock { state -> Call? in
            guard case .waiting(let call)? = state.slots[id] else { return nil }
            state.slots[id] = nil
            return call
        }
        call?.promise.resume(with: outcome.mapError { $0 })
        return call != nil
    }

    /// Whether the request with this id waits for its answer.
    func isWaiting(_ id: Int) -> Bool {
        state.withLock { if case .waiting? = $0.slots[id] { true } else { false } }
    }

    /// The request that waits, where it is the only one.
    var onlyOne: Int? {
        state.withLock { state in
            guard state.slots.count == 1, case (let id, .waiting)? = state.slots.first else { return nil }
            return id
        }
    }

    /// Gives a request up, be it before it was made.
    ///
    /// - Returns: whether the server has it and should be told.
    func abandon(_ id: Int, _ error: MCPClientError) -> Bool {
        if finish(id, .failure(error)) { return true }
        state.withLock { state in
            if case .reserved? = state.slots[id] { state.slots[id] = .abandoned(error) }
        }
        return false
    }

    /// Passes progress on to who made the request, not too often.
    func report(_ message: String, of id: Int) {
        let onProgress = state.withLock { state -> (@Sendable (String) -> Void)? in
            guard case .waiting(var call)? = state.slots[id], let onProgress = call.onProgress else { return nil }
            let isInTime = call.progressBudget.take(at: .now)
            state.slots[id] = .waiting(call)
            return isInTime ? onProgress : nil
        }
        onProgress?(message)
    }

    /// Fails all that wait now.
    func failAll(_ error: MCPClientError) {
        let calls = state.withLock { state -> [Call] in
            takeWaiting(&state)
        }
        calls.forEach { $0.promise.resume(throwing: error) }
    }

    /// Fails all that wait, and all to come.
    func close(_ error: MCPClientError) {
        let calls = state.withLock { state -> [Call] in
            state.end = state.end ?? error
            return takeWaiting(&state)
        }
        calls.forEach { $0.promise.resume(throwing: error) }
    }

    private func takeWaiting(_ state: inout State) -> [Call] {
        var calls: [Call] = []
        for (id, slot) in state.slots {
            guard case .waiting(let call) = slot else { continue }
            calls.append(call)
            state.slots[id] = nil
        }
        return calls
    }
}
