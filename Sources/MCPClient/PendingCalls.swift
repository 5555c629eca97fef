import JSON
import JSONRPC
import Threading

/// The pending requests by id. Each is completed exactly once, by whichever comes first: the response, the time limit,
/// cancellation or the end of the server.
final class PendingCalls: Sendable {
    /// A server's response, and its size on the wire in bytes.
    struct Reply: Sendable {
        let outcome: Result<JSONObject, RPCError>
        let size: Int
    }

    typealias Outcome = Result<Reply, MCPClientError>

    /// The rate limit for passing on a request's progress.
    private static let progressPerSecond = 20.0

    private struct Call {
        let promise: Promise<Reply>
        let onProgress: (@Sendable (String) -> Void)?
        let onAcknowledged: (@Sendable () -> Void)?
        let acceptsDeepValues: Bool
        var progressBudget = TokenBucket(perSecond: progressPerSecond, atOnce: progressPerSecond, savedSeconds: 0)
    }

    private enum Slot {
        /// The id is reserved; the request hasn't been sent.
        case reserved
        /// Abandoned before it was sent.
        case abandoned(MCPClientError)
        case waiting(Call)
    }

    private struct State {
        var lastID = 0
        var slots: [Int: Slot] = [:]
        /// Why no more requests are accepted; `nil` if they are.
        var end: MCPClientError?
    }

    private let limit: Int
    private let state = Locked(State())

    init(limit: Int) {
        self.limit = limit
    }

    /// Reserves the id of a new request. ``begin(_:_:_:sending:)`` must follow.
    func reserve() throws(MCPClientError) -> Int {
        try state.withLock { (state) throws(MCPClientError) in
            if let end = state.end { throw end }
            guard state.slots.count < limit else { throw .tooManyRequests(limit: limit) }
            state.lastID += 1
            state.slots[state.lastID] = .reserved
            return state.lastID
        }
    }

    /// Sends a request and registers it as pending.
    ///
    /// - Parameters:
    ///   - call: the options of the request.
    ///   - send: sends the request; returns the error if it can't. Called under the lock, so that no
    ///     cancellation can precede the request itself; must not block and must not use this object.
    func begin(
        _ id: Int, _ promise: Promise<Reply>, _ call: Connection.Call, sending send: () -> MCPClientError?
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
            state.slots[id] = .waiting(
                Call(
                    promise: promise, onProgress: call.onProgress, onAcknowledged: call.onAcknowledged,
                    acceptsDeepValues: call.acceptsDeepValues))
            return nil
        }
        if let failure { promise.resume(throwing: failure) }
    }

    /// Completes a request.
    ///
    /// - Returns: whether it was pending.
    func finish(_ id: Int, _ outcome: Outcome) -> Bool {
        let call = state.withLock { state -> Call? in
            guard case .waiting(let call)? = state.slots[id] else { return nil }
            state.slots[id] = nil
            return call
        }
        call?.promise.resume(with: outcome.mapError { $0 })
        return call != nil
    }

    /// Whether the request with this id is pending.
    func isWaiting(_ id: Int) -> Bool {
        state.withLock { if case .waiting? = $0.slots[id] { true } else { false } }
    }

    /// Whether the request with this id is pending, and its response may lack what is nested too deeply.
    func acceptsDeepValues(_ id: Int) -> Bool {
        state.withLock { if case .waiting(let call)? = $0.slots[id] { call.acceptsDeepValues } else { false } }
    }

    /// The id of the pending request, if there is exactly one.
    var onlyOne: Int? {
        state.withLock { state in
            guard state.slots.count == 1, case (let id, .waiting)? = state.slots.first else { return nil }
            return id
        }
    }

    /// Abandons a request, even before it is sent.
    ///
    /// - Returns: whether it has been sent, so that the server should be notified.
    func abandon(_ id: Int, _ error: MCPClientError) -> Bool {
        if finish(id, .failure(error)) { return true }
        state.withLock { state in
            if case .reserved? = state.slots[id] { state.slots[id] = .abandoned(error) }
        }
        return false
    }

    /// Passes progress on to the caller of the request, rate-limited.
    func report(_ message: String, of id: Int) {
        let onProgress = state.withLock { state -> (@Sendable (String) -> Void)? in
            guard case .waiting(var call)? = state.slots[id], let onProgress = call.onProgress else { return nil }
            let isInTime = call.progressBudget.take(at: .now)
            state.slots[id] = .waiting(call)
            return isInTime ? onProgress : nil
        }
        onProgress?(message)
    }

    /// Tells the caller of a request that the server has begun to do what it asks for.
    func acknowledge(_ id: Int) {
        let onAcknowledged = state.withLock { state -> (@Sendable () -> Void)? in
            if case .waiting(let call)? = state.slots[id] { call.onAcknowledged } else { nil }
        }
        onAcknowledged?()
    }

    /// Fails all pending requests.
    func failAll(_ error: MCPClientError) {
        let calls = state.withLock { state -> [Call] in
            removeWaiting(&state)
        }
        calls.forEach { $0.promise.resume(throwing: error) }
    }

    /// Fails all pending and future requests.
    func close(_ error: MCPClientError) {
        let calls = state.withLock { state -> [Call] in
            state.end = state.end ?? error
            return removeWaiting(&state)
        }
        calls.forEach { $0.promise.resume(throwing: error) }
    }

    private func removeWaiting(_ state: inout State) -> [Call] {
        var calls: [Call] = []
        for (id, slot) in state.slots {
            guard case .waiting(let call) = slot else { continue }
            calls.append(call)
            state.slots[id] = nil
        }
        return calls
    }
}
