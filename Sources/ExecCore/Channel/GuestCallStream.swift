import JSON
import Threading

/// The bytes of a guest-initiated call in both directions, with flow-control windows: neither side sends more than the
/// other has granted, so a call that nobody reads doesn't block the others.
final class GuestCallStream: Sendable {
    /// Maximum number of bytes in flight in each direction.
    static let window = 128 * 1024

    private struct State {
        /// How many more bytes the guest accepts.
        var credit = 0
        /// How many more bytes the guest may send; 0 until the call is open.
        var room = 0
        /// Bytes from the guest that have not been read yet.
        var incoming: [UInt8] = []
        var guestHasEnded = false
        var isCancelled = false
    }

    private let id: UInt32
    private let send: @Sendable (Frame) throws -> Void
    private let state = ConditionLocked(State())

    /// - Parameters:
    ///   - id: the call's id.
    ///   - send: sends a frame to the guest and blocks until it is written. Throws if the sandbox is gone.
    init(id: UInt32, send: @escaping @Sendable (Frame) throws -> Void) {
        self.id = id
        self.send = send
    }

    // Input from the guest. Called on the thread that reads the channel.

    /// Receives bytes from the guest.
    ///
    /// - Throws: ``ChannelError`` if the guest exceeds its window.
    func take(_ bytes: ArraySlice<UInt8>) throws(ChannelError) {
        let isTooMuch = state.change { state in
            state.room -= bytes.count
            guard state.room >= 0, !state.guestHasEnded else { return !state.isCancelled }
            state.incoming += bytes
            return false
        }
        if isTooMuch { throw ChannelError(reason: "sent more to a call of its own than it may") }
    }

    /// Grants the server `count` more bytes to send to the guest.
    ///
    /// - Throws: ``ChannelError`` if the total would exceed ``window``.
    func grant(_ count: UInt32) throws(ChannelError) {
        let isTooMuch = state.change { state in
            state.credit += Int(count)
            return state.credit > Self.window
        }
        if isTooMuch { throw ChannelError(reason: "asked for more of a call of its own than it may") }
    }

    /// The guest has sent its last byte.
    func endOfInput() {
        state.change { $0.guestHasEnded = true }
    }

    /// Cancels the call. Threads that wait here return.
    func cancel() {
        state.change { $0.isCancelled = true }
    }

    // For the call's own threads. All of it may block.

    /// Whether the call was cancelled.
    var isCancelled: Bool { state.change { $0.isCancelled } }

    /// Opens the windows in both directions. Called once, when the requested resource is ready.
    func open() throws {
        state.change { state in
            state.room = Self.window
            state.credit = Self.window
        }
        try send(windowFrame(Self.window))
    }

    /// Waits for the next bytes from the guest.
    ///
    /// - Returns: an empty array at the end of input; `nil` if the call was cancelled.
    func read() -> [UInt8]? {
        state.wait { state -> [UInt8]?? in
            if state.isCancelled { return .some(nil) }
            guard !state.incoming.isEmpty || state.guestHasEnded else { return nil }
            defer { state.incoming = [] }
            return state.incoming
        }
    }

    /// Grants the guest as many more bytes as were read and processed.
    func release(_ count: Int) throws {
        state.change { $0.room += count }
        try send(windowFrame(count))
    }

    /// Waits until the guest accepts bytes.
    ///
    /// - Returns: how many bytes it accepts, at most `limit`; 0 if the call was cancelled.
    func waitForCredit(atMost limit: Int) -> Int {
        state.wait { state in
            if state.isCancelled { return 0 }
            return state.credit > 0 ? min(state.credit, limit) : nil
        }
    }

    /// Sends bytes. `bytes` must not be longer than the guest accepts.
    func write(_ bytes: [UInt8]) throws {
        state.change { $0.credit -= bytes.count }
        try send(Frame(.data, call: id, payload: [0] + bytes))
    }

    /// Signals the end of the output to the guest.
    func endWriting() throws {
        try send(Frame(.end, call: id))
    }

    /// Ends the call, with `failure` or successfully.
    func finish(_ failure: GuestCallFailure?) {
        try? send(failure?.frame(of: id) ?? Frame(.result, call: id, [:]))
    }

    private func windowFrame(_ count: Int) -> Frame {
        Frame(.window, call: id, payload: withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) })
    }
}
