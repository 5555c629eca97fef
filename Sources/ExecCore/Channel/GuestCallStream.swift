import JSON
import Threading

/// The bytes of a call that the guest started, in both directions and within windows: neither side may send more than
/// the other has said it will take, so nobody is held up by a call that nobody reads.
final class GuestCallStream: Sendable {
    /// How many bytes may be on their way in each direction.
    static let window = 128 * 1024

    private struct State {
        /// How many bytes the guest will still take.
        var credit = 0
        /// How many bytes the guest may still send; none before the call is open.
        var room = 0
        /// What the guest sent, not yet read.
        var incoming: [UInt8] = []
        var guestHasEnded = false
        var isCancelled = false
    }

    private let id: UInt32
    private let send: @Sendable (Frame) throws -> Void
    private let state = ConditionLocked(State())

    /// - Parameters:
    ///   - id: the call's id.
    ///   - send: sends a frame to the guest and blocks until it is on its way. Throws when the sandbox is gone.
    init(id: UInt32, send: @escaping @Sendable (Frame) throws -> Void) {
        self.id = id
        self.send = send
    }

    // What the guest says. Called by the thread that reads the channel.

    /// Takes bytes that the guest sent.
    ///
    /// - Throws: ``ChannelError`` where they are more than the guest may send.
    func take(_ bytes: ArraySlice<UInt8>) throws(ChannelError) {
        let isTooMuch = state.change { state in
            state.room -= bytes.count
            guard state.room >= 0, !state.guestHasEnded else { return !state.isCancelled }
            state.incoming += bytes
            return false
        }
        if isTooMuch { throw ChannelError(reason: "sent more to a call of its own than it may") }
    }

    /// The guest will take `count` more bytes.
    ///
    /// - Throws: ``ChannelError`` where that would be more than there are on the way.
    func grant(_ count: UInt32) throws(ChannelError) {
        let isTooMuch = state.change { state in
            state.credit += Int(count)
            return state.credit > Self.window
        }
        if isTooMuch { throw ChannelError(reason: "asked for more of a call of its own than it may") }
    }

    /// No more comes from the guest.
    func endOfInput() {
        state.change { $0.guestHasEnded = true }
    }

    /// The call is no longer wanted: who waits here returns.
    func cancel() {
        state.change { $0.isCancelled = true }
    }

    // What the call's own threads do. All of it may block.

    /// Whether the call is no longer wanted.
    var isCancelled: Bool { state.change { $0.isCancelled } }

    /// Lets the guest send, and be sent to, from now on. Called once, when what was asked for is there.
    func open() throws {
        state.change { state in
            state.room = Self.window
            state.credit = Self.window
        }
        try send(windowFrame(Self.window))
    }

    /// The next bytes of the guest's.
    ///
    /// - Returns: an empty array when no more come; `nil` when the call is no longer wanted.
    func read() -> [UInt8]? {
        state.wait { state -> [UInt8]?? in
            if state.isCancelled { return .some(nil) }
            guard !state.incoming.isEmpty || state.guestHasEnded else { return nil }
            defer { state.incoming = [] }
            return state.incoming
        }
    }

    /// Lets the guest send as many bytes more as were read and are gone.
    func release(_ count: Int) throws {
        state.change { $0.room += count }
        try send(windowFrame(count))
    }

    /// Waits until the guest takes bytes.
    ///
    /// - Returns: how many it takes, at most `limit`; 0 when the call is no longer wanted.
    func waitForCredit(atMost limit: Int) -> Int {
        state.wait { state in
            if state.isCancelled { return 0 }
            return state.credit > 0 ? min(state.credit, limit) : nil
        }
    }

    /// Sends bytes, no more than the guest takes.
    func write(_ bytes: [UInt8]) throws {
        state.change { $0.credit -= bytes.count }
        try send(Frame(.data, call: id, payload: [0] + bytes))
    }

    /// Tells the guest that no more bytes come.
    func endWriting() throws {
        try send(Frame(.end, call: id))
    }

    /// Ends the call: nothing came of it, or no more comes of it.
    func finish(_ failure: GuestCallFailure?) {
        try? send(failure?.frame(of: id) ?? Frame(.result, call: id, [:]))
    }

    private func windowFrame(_ count: Int) -> Frame {
        Frame(.window, call: id, payload: withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) })
    }
}
