import Diagnostics
import JSON
import Threading

/// Routes guest-initiated calls to the handler of their method, and frames of open calls to those calls.
/// `guest/guest_calls.py` is the other side.
///
/// Everything that arrives is untrusted. Each open call has a thread and keeps its slot until it is answered, so a
/// guest that doesn't read replies runs out of slots.
package final class GuestCallRouter: Sendable {
    private struct OpenCall {
        let method: GuestCallMethod
        let call: any GuestCall
    }

    private struct State {
        var open: [UInt32: OpenCall] = [:]
        /// The highest id so far. The guest's ids only increase.
        var lastID: UInt32 = 0
        /// Rate limit on refused calls to unknown methods.
        var refusals = TokenBucket(perSecond: 1, atOnce: 200)
        var hasEnded = false
    }

    private let handlers: [GuestCallMethod: any GuestCallHandler]
    private let now: @Sendable () -> ContinuousClock.Instant
    private let refuse: @Sendable (Frame) -> Void
    private let state = Locked(State())

    /// - Parameters:
    ///   - handlers: the handlers, by method. Calls to any other method are refused.
    ///   - now: the clock for the rate limit on refusals.
    ///   - refuse: sends a refusal to the guest and returns at once.
    package init(
        handlers: [GuestCallMethod: any GuestCallHandler],
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, refuse: @escaping @Sendable (Frame) -> Void
    ) {
        self.handlers = handlers
        self.now = now
        self.refuse = refuse
    }

    /// Routes a frame of a guest-initiated call. Called on the reading thread; returns at once.
    ///
    /// - Throws: ``ChannelError`` for anything that our guest never sends.
    package func receive(_ frame: Frame) throws(ChannelError) {
        switch frame.kind {
        case .call: try begin(frame)
        case .data: try openCall(of: frame)?.receive(frame.payload.dropFirst())
        case .window:
            guard let call = try openCall(of: frame) else { return }
            guard frame.payload.count == 4 else { throw ChannelError(reason: "sent an invalid window") }
            try call.grant(frame.payload.reduce(0) { $0 << 8 | UInt32($1) })
        case .end: try openCall(of: frame)?.endOfInput()
        case .cancel: try openCall(of: frame)?.cancel()
        case .result, .failure: throw ChannelError(reason: "answered an unknown call")
        default: throw ChannelError(reason: "sent a frame that does not belong to a call")
        }
    }

    /// Cancels all calls because the sandbox is gone.
    package func end() {
        let calls = state.withLock { state in
            state.hasEnded = true
            return state.open.values.map(\.call)
        }
        for call in calls { call.cancel() }
    }

    /// - Returns: `nil` if the call has already ended, which the guest may not know yet.
    private func openCall(of frame: Frame) throws(ChannelError) -> (any GuestCall)? {
        let (call, lastID) = state.withLock { ($0.open[frame.call]?.call, $0.lastID) }
        guard call != nil || frame.call <= lastID else {
            let what = frame.kind == .data ? "data for an unknown call" : "a frame of a call that it did not start"
            throw ChannelError(reason: "sent \(what)")
        }
        return call
    }

    private func begin(_ frame: Frame) throws(ChannelError) {
        guard let request = try? JSON.parse(frame.payload) else {
            throw ChannelError(reason: "sent a frame that is not JSON")
        }
        let name = request["method"]?.stringValue ?? ""
        guard let method = GuestCallMethod(rawValue: name), let handler = handlers[method] else {
            return try refuseUnknown(name, frame.call)
        }
        let call = try handler.open(request["params"] ?? .null, id: frame.call)
        let isWanted = try state.withLock { (state) throws(ChannelError) in
            guard frame.call > state.lastID else { throw ChannelError(reason: "reused the id of a call") }
            guard state.open.values.count(where: { $0.method == method }) < handler.maxOpenCalls else {
                throw ChannelError(reason: "started too many calls")
            }
            state.lastID = frame.call
            guard !state.hasEnded else { return false }
            state.open[frame.call] = OpenCall(method: method, call: call)
            return true
        }
        guard isWanted else { return }
        do {
            try BackgroundThread.start("guest-call") { [self] in
                call.serve()
                state.withLock { _ = $0.open.removeValue(forKey: frame.call) }
            }
        } catch {
            throw ChannelError(reason: "started a call, but the server cannot start a thread for it")
        }
    }

    private func refuseUnknown(_ name: String, _ id: UInt32) throws(ChannelError) {
        // So that a flood of calls cannot pile up refusals without bound.
        let isWithinBudget = state.withLock { state in
            state.lastID = max(state.lastID, id)
            return state.refusals.take(at: now())
        }
        guard isWithinBudget else { throw ChannelError(reason: "flooded the server with calls") }
        let message =
            handlers.isEmpty
            ? "The server offers no calls to the sandbox."
            : "The server does not offer the call \(name.singleLine(limit: 50)) to the sandbox."
        refuse(GuestCallError(.unsupported, message).frame(of: id))
    }
}
