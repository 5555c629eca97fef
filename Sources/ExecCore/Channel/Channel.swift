package import Diagnostics
package import JSON
import Threading

/// A multiplexed RPC channel to the guest of one sandbox: many concurrent calls over one pair of pipes.
///
/// Everything from the other end is untrusted and bounded. Anything that our guest would never send ends the sandbox.
package final class Channel: Sendable {
    /// The result of a call and the bytes of its two streams.
    package struct Reply: Sendable {
        package var result: JSON = .null
        package var streams: [[UInt8]] = [[], []]
    }

    private struct State {
        var nextCall: UInt32 = 1
        var pending: [UInt32: PendingCall] = [:]
        var handshake: HandshakeState = .awaited(nil)
        var end: ExecError?
        /// Called when the guest is detached and idle; `nil` unless it was asked to detach.
        var onRest: (@Sendable () -> Void)?
        var signsOfLife = SignsOfLife()
        /// Whether a call has failed because of the end.
        var isEndReported = false
        /// Whether the guest reports live background processes that commands started.
        var hasJobs = false
        // Rate limits on unsolicited messages from the guest. An honest guest stays far below them.
        var logBudget = TokenBucket(perSecond: 1, atOnce: 200)
        var artifactBudget = TokenBucket(perSecond: 8, atOnce: 32)
        var jobsBudget = TokenBucket(perSecond: 2, atOnce: 32)
    }

    private enum HandshakeState {
        case awaited(Promise<JSON>?)
        case received(JSON)
    }

    /// Writes frames to the guest.
    let input: FrameWriter
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let onArtifactsChanged: @Sendable (ArtifactChange) -> Void
    private let guestCalls: GuestCallRouter
    private let state = Locked(State())
    // Only the reading thread uses it. The lock is there for the compiler's concurrency checking.
    let decoder: Locked<FrameDecoder>

    /// - Parameters:
    ///   - opener: opens what a guest seals; `nil` if the channel isn't sealed.
    ///   - now: the clock for the rate limits on the guest.
    ///   - guestCalls: the handlers of guest-initiated calls.
    ///   - onArtifactsChanged: called on the reading thread, which blocks until it returns.
    package init(
        input: FrameWriter, opener: RecordOpener? = nil, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        guestCalls handlers: [GuestCallMethod: any GuestCallHandler] = [:],
        onArtifactsChanged: @escaping @Sendable (ArtifactChange) -> Void = { _ in }
    ) {
        self.input = input
        decoder = Locked(FrameDecoder(opener: opener))
        self.logger = logger
        self.now = now
        guestCalls = GuestCallRouter(handlers: handlers, now: now) { refusal in
            Task { try? await input.write(refusal) }
        }
        self.onArtifactsChanged = onArtifactsChanged
    }

    /// Whether the channel has ended.
    var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// Whether the channel has ended and no call has failed because of that.
    var hasEndedUnheard: Bool { state.withLock { $0.end != nil && !$0.isEndReported } }

    /// Whether the guest reports live background processes that commands started.
    var hasJobs: Bool { state.withLock { $0.hasJobs } }

    /// Whether the guest has announced its end, so that it was intended.
    var hasSaidGoodbye: Bool { state.withLock { $0.signsOfLife.hasSaidGoodbye } }

    /// Returns whether anything has come from the guest since the last call.
    func takeSignOfLife() -> Bool { state.withLock { $0.signsOfLife.take() } }

    /// Whether the guest's handshake has arrived.
    var hasGreeted: Bool {
        state.withLock { state in
            if case .received = state.handshake { true } else { false }
        }
    }

    /// Writes raw bytes that precede the first frame.
    func write(_ bytes: [UInt8]) async throws {
        try await input.write(raw: bytes)
    }

    /// Waits for the guest's handshake, its first frame.
    ///
    /// - Throws: the ``ExecError`` that the channel ended with.
    func handshake() async throws -> JSON {
        try await withPromise { promise in
            let answer: Result<JSON, any Error>? = state.withLock { state in
                if let end = state.end { return .failure(end) }
                if case .received(let handshake) = state.handshake { return .success(handshake) }
                state.handshake = .awaited(promise)
                return nil
            }
            if let answer { promise.resume(with: answer) }
        }
    }

    /// Makes a call and waits for its outcome. If the task is cancelled, the guest is notified, and the wait continues
    /// until the guest reports that the call's processes are gone.
    ///
    /// - Parameters:
    ///   - body: bytes that follow the call, for operations that accept a body.
    ///   - seconds: how long the guest may take before it counts as hung.
    ///   - replyLimit: how many bytes the guest may send back, not counting the result itself.
    ///   - onBegin: called with the call's id before the guest learns of the call.
    ///   - onProgress: called on the reading thread with each progress message; `nil` if the guest may send none.
    /// - Throws: ``ExecError``: an argument is too long, the guest refused, or the sandbox ended.
    package func call(
        _ method: String, _ params: JSON, body: [UInt8]? = nil, seconds: Double, replyLimit: Int,
        onBegin: (UInt32) -> Void = { _ in }, onProgress: (@Sendable ([UInt8]) -> Void)? = nil
    ) async throws -> Reply {
        try CallSize.check(params)
        let deadline = SuspendingClock.now + .seconds(seconds)
        let id = try state.withLock { state throws(ExecError) in
            if let end = state.end {
                state.isEndReported = true
                throw end
            }
            let id = state.nextCall
            state.nextCall = (id + 1) & ~Frame.guestCallBit
            state.pending[id] = PendingCall(room: replyLimit, deadline: deadline, onProgress: onProgress)
            return id
        }
        onBegin(id)
        return try await withTaskCancellationHandler {
            await send(id, ["method": .string(method), "params": params], body)
            return try await outcome(of: id)
        } onCancel: {
            let isSent = state.withLock { state in
                state.pending[id]?.isCancelled = true
                return state.pending[id]?.isSent ?? false
            }
            // Never before the call itself: the guest would not know the id.
            if isSent { Task { try? await input.write(Frame(.cancel, call: id)) } }
        }
    }

    private func send(_ id: UInt32, _ request: JSON, _ body: [UInt8]?) async {
        do {
            try await input.write(Frame(.call, call: id, request))
            let isCancelled = state.withLock { state in
                state.pending[id]?.isSent = true
                return state.pending[id]?.isCancelled ?? false
            }
            if isCancelled { try await input.write(Frame(.cancel, call: id)) }
            guard let body else { return }
            for start in stride(from: 0, to: body.count, by: Frame.maxPayload / 4) {
                let piece = body[start..<min(start + Frame.maxPayload / 4, body.count)]
                try await input.write(Frame(.data, call: id, payload: [0] + piece))
            }
            try await input.write(Frame(.end, call: id))
        } catch {
            // The pipe is closed. When the process ends, every call fails with the reason.
        }
    }

    private func outcome(of id: UInt32) async throws -> Reply {
        try await withPromise { promise in
            let known: Result<Reply, any Error>? = state.withLock { state in
                if case .known(let result) = state.pending[id]?.outcome {
                    state.pending[id] = nil
                    return result
                }
                state.pending[id]?.outcome = .open(promise)
                return nil
            }
            if let known { promise.resume(with: known) }
        }
    }

    /// Records a call's outcome for the task that waits, or will wait, for it.
    ///
    /// - Returns: the promise to resume, if a task already waits.
    private static func settle(
        _ id: UInt32, _ result: Result<Reply, any Error>, in state: inout State
    ) -> Promise<Reply>? {
        guard case .open(let waiting) = state.pending[id]?.outcome else { return nil }
        if waiting == nil {
            state.pending[id]?.outcome = .known(result)
        } else {
            state.pending[id] = nil
        }
        return waiting
    }

    /// Whether any call is past its deadline without an answer.
    func hasOverdueCall(at now: SuspendingClock.Instant) -> Bool {
        state.withLock { state in
            state.pending.values.contains { call in
                guard case .open = call.outcome else { return false }
                return call.deadline < now
            }
        }
    }

    /// Gives the guest at least `seconds` from now to answer the call with this id.
    func extendDeadline(of id: UInt32, to seconds: Double) {
        state.withLock { state in
            guard let deadline = state.pending[id]?.deadline else { return }
            state.pending[id]?.deadline = max(deadline, .now + .seconds(seconds))
        }
    }

    /// Processes bytes from the guest. Called only by the reading thread. Bytes after the end are ignored.
    ///
    /// - Throws: ``ChannelError``, after which the channel must be ended.
    package func receive(_ bytes: UnsafeRawBufferPointer) throws(ChannelError) {
        let (hasEnded, onRest) = state.withLock { state in
            state.signsOfLife.beginReceiving()
            return (state.end != nil, state.onRest)
        }
        defer { state.withLock { $0.signsOfLife.endReceiving() } }
        if let onRest {
            return try decoder.withLock { (decoder) throws(ChannelError) in
                try decoder.feed(bytes) { (frame) throws(ChannelError) in
                    if frame.kind == .jobs { try receiveJobs(frame) }
                    if frame.kind == .leave { onRest() }
                }
            }
        }
        guard !hasEnded else { return }
        try decoder.withLock { (decoder) throws(ChannelError) in
            try decoder.feed(bytes) { (frame) throws(ChannelError) in try receive(frame) }
        }
    }

    /// Fails every call with `error` and closes the pipe, at which the guest exits. Later calls fail at once.
    package func end(_ error: ExecError) {
        state.withLock { $0.onRest = nil }
        let fail = endCalls(error)
        input.close()
        fail()
    }

    /// Asks the guest for a sign of life, unless the channel has ended.
    func ping() async {
        guard !hasEnded else { return }
        // A closed pipe shows when the process ends.
        try? await input.write(Frame(.ping, call: 0))
    }

    /// Fails every call with `error` and asks the guest to end its calls, then to stay idle until another server
    /// attaches. Later calls fail at once, and anything else that the guest sends is ignored.
    ///
    /// - Parameter onRest: called on the reading thread once the guest's last frame has been read.
    func leave(_ error: ExecError, onRest: @escaping @Sendable () -> Void) async throws {
        state.withLock { if $0.end == nil { $0.onRest = onRest } }
        endCalls(error)()
        try await input.write(Frame(.leave, call: 0))
    }

    /// Records the end and settles every call.
    ///
    /// - Returns: a closure that resumes the waiting tasks.
    private func endCalls(_ error: ExecError) -> () -> Void {
        let (calls, handshake) = state.withLock { state in
            let error = state.end ?? error
            state.end = error
            state.isEndReported = state.isEndReported || !state.pending.isEmpty
            let calls = state.pending.keys.compactMap { Self.settle($0, .failure(error), in: &state) }
            var waiting: Promise<JSON>?
            if case .awaited(let promise) = state.handshake {
                waiting = promise
                state.handshake = .awaited(nil)
            }
            return (calls, waiting)
        }
        guestCalls.end()
        return {
            handshake?.resume(throwing: error)
            for call in calls { call.resume(throwing: error) }
        }
    }

    private func receive(_ frame: Frame) throws(ChannelError) {
        if frame.isOfGuestCall { return try guestCalls.receive(frame) }
        switch frame.kind {
        case .hello: try receiveHandshake(frame)
        case .data: try receiveData(frame)
        case .result: try finish(frame) { .success(Reply(result: $1, streams: $0.streams)) }
        case .failure: try finish(frame) { .failure(ExecError(guestFailure: $1)) }
        case .log: try receiveLog(frame)
        case .artifacts: try receiveArtifactChange(frame)
        case .progress: try receiveProgress(frame)
        case .jobs: try receiveJobs(frame)
        case .pong:
            try state.withLock { (state) throws(ChannelError) in try state.signsOfLife.receivePong(at: now()) }
        case .goodbye: state.withLock { $0.signsOfLife.receiveGoodbye() }
        case .call: throw ChannelError(reason: "started a call with an id reserved for the server")
        case .end, .cancel, .window, .leave, .clock, .ping:
            throw ChannelError(reason: "sent a frame that only the server sends")
        }
    }

    private func receiveHandshake(_ frame: Frame) throws(ChannelError) {
        let value = try Self.json(frame)
        let waiting = try state.withLock { (state) throws(ChannelError) in
            guard case .awaited(let promise) = state.handshake else {
                throw ChannelError(reason: "sent its handshake twice")
            }
            state.handshake = .received(value)
            return promise
        }
        waiting?.resume(returning: value)
    }

    private func receiveData(_ frame: Frame) throws(ChannelError) {
        try state.withLock { (state) throws(ChannelError) in
            guard let stream = frame.payload.first, stream < 2, state.pending[frame.call] != nil else {
                throw ChannelError(reason: "sent data for an unknown call")
            }
            state.pending[frame.call]?.room -= frame.payload.count - 1
            guard let room = state.pending[frame.call]?.room, room >= 0 else {
                throw ChannelError(reason: "sent more than was requested")
            }
            state.pending[frame.call]?.reply.streams[Int(stream)] += frame.payload.dropFirst()
        }
    }

    private func receiveProgress(_ frame: Frame) throws(ChannelError) {
        let report = try state.withLock { (state) throws(ChannelError) in
            guard let call = state.pending[frame.call], case .open = call.outcome, let report = call.onProgress else {
                throw ChannelError(reason: "sent progress that was not requested")
            }
            guard frame.payload.count <= Frame.maxProgress else {
                throw ChannelError(reason: "sent progress of \(frame.payload.count) bytes")
            }
            guard state.pending[frame.call]?.progressBudget.take(at: now()) == true else {
                throw ChannelError(reason: "flooded the server with progress")
            }
            return report
        }
        report(frame.payload)
    }

    private func finish(
        _ frame: Frame, _ outcome: (Reply, JSON) -> Result<Reply, any Error>
    ) throws(ChannelError) {
        let value = try Self.json(frame)
        let (waiting, result) = try state.withLock { (state) throws(ChannelError) in
            guard let call = state.pending[frame.call], case .open = call.outcome else {
                throw ChannelError(reason: "answered an unknown call")
            }
            let result = outcome(call.reply, value)
            return (Self.settle(frame.call, result, in: &state), result)
        }
        waiting?.resume(with: result)
    }

    private func receiveLog(_ frame: Frame) throws(ChannelError) {
        guard state.withLock({ $0.logBudget.take(at: now()) }) else {
            throw ChannelError(reason: "flooded the log")
        }
        logger.warning("sandbox: \(String(decoding: frame.payload, as: UTF8.self))")
    }

    private func receiveArtifactChange(_ frame: Frame) throws(ChannelError) {
        guard let change = ArtifactChange(try Self.json(frame)) else {
            throw ChannelError(reason: "reported an invalid change of artifacts")
        }
        guard state.withLock({ $0.artifactBudget.take(at: now()) }) else {
            throw ChannelError(reason: "flooded the server with changes of artifacts")
        }
        onArtifactsChanged(change)
    }

    private func receiveJobs(_ frame: Frame) throws(ChannelError) {
        guard frame.payload.count == 1 else { throw ChannelError(reason: "sent an invalid report of jobs") }
        guard state.withLock({ $0.jobsBudget.take(at: now()) }) else {
            throw ChannelError(reason: "flooded the server with reports of jobs")
        }
        state.withLock { $0.hasJobs = frame.payload[0] != 0 }
    }

    private static func json(_ frame: Frame) throws(ChannelError) -> JSON {
        do {
            return try JSON.parse(frame.payload)
        } catch {
            throw ChannelError(reason: "sent a frame that is not JSON")
        }
    }
}
