import JSON
import Threading

/// A guest-initiated call whose bytes all pass through one stream.
package protocol StreamedGuestCall: GuestCall {
    /// The call's bytes.
    var stream: GuestCallStream { get }
}

extension StreamedGuestCall {
    package func receive(_ bytes: ArraySlice<UInt8>) throws(ChannelError) {
        try stream.receive(bytes)
    }

    package func grant(_ count: UInt32) throws(ChannelError) {
        try stream.grant(count)
    }

    package func endOfInput() {
        stream.endOfInput()
    }
}

/// The bytes of a guest-initiated call in both directions, with flow-control windows: neither side sends more than the
/// other has granted, so a call that nobody reads doesn't block the others.
package final class GuestCallStream: Sendable {
    /// Maximum number of bytes in flight in each direction.
    package static let window = 128 * 1024

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
    package init(id: UInt32, send: @escaping @Sendable (Frame) throws -> Void) {
        self.id = id
        self.send = send
    }

    // Input from the guest. Called on the thread that reads the channel.

    /// Receives bytes from the guest.
    ///
    /// - Throws: ``ChannelError`` if the guest exceeds its window.
    package func receive(_ bytes: ArraySlice<UInt8>) throws(ChannelError) {
        let isTooMuch = state.change { state in
            state.room -= bytes.count
            guard state.room >= 0, !state.guestHasEnded else { return !state.isCancelled }
            state.incoming += bytes
            return false
        }
        if isTooMuch { throw ChannelError(reason: "sent too much data to its own call") }
    }

    /// Grants the server `count` more bytes to send to the guest.
    ///
    /// - Throws: ``ChannelError`` if the total would exceed ``window``.
    package func grant(_ count: UInt32) throws(ChannelError) {
        let isTooMuch = state.change { state in
            state.credit += Int(count)
            return state.credit > Self.window
        }
        if isTooMuch { throw ChannelError(reason: "requested too much data from its own call") }
    }

    /// The guest has sent its last byte.
    package func endOfInput() {
        state.change { $0.guestHasEnded = true }
    }

    /// Cancels the call. Threads that wait here return.
    package func cancel() {
        state.change { $0.isCancelled = true }
    }

    // For the call's own threads. All of it may block.

    /// Whether the call was cancelled.
    package var isCancelled: Bool { state.change { $0.isCancelled } }

    /// Opens the windows in both directions. Called once, when the requested resource is ready.
    package func open() throws {
        state.change { state in
            state.room = Self.window
            state.credit = Self.window
        }
        try send(windowFrame(Self.window))
    }

    /// Waits for the next bytes from the guest.
    ///
    /// - Returns: an empty array at the end of input; `nil` if the call was cancelled.
    package func read() -> [UInt8]? {
        state.wait { state -> [UInt8]?? in
            if state.isCancelled { return .some(nil) }
            guard !state.incoming.isEmpty || state.guestHasEnded else { return nil }
            defer { state.incoming = [] }
            return state.incoming
        }
    }

    /// Grants the guest as many more bytes as were read and processed.
    package func release(_ count: Int) throws {
        state.change { $0.room += count }
        try send(windowFrame(count))
    }

    /// Waits until the guest accepts bytes.
    ///
    /// - Returns: how many bytes it accepts, at most `limit`; 0 if the call was cancelled.
    package func waitForCredit(atMost limit: Int) -> Int {
        state.wait { state in
            if state.isCancelled { return 0 }
            return state.credit > 0 ? min(state.credit, limit) : nil
        }
    }

    /// Sends bytes. `bytes` must not be longer than the guest accepts.
    package func write(_ bytes: [UInt8]) throws {
        state.change { $0.credit -= bytes.count }
        try send(Frame(.data, call: id, payload: [0] + bytes))
    }

    /// Signals the end of the output to the guest.
    package func endWriting() throws {
        try send(Frame(.end, call: id))
    }

    /// Ends the call, with `failure` or successfully.
    package func finish(_ failure: GuestCallError?) {
        try? send(failure?.frame(of: id) ?? Frame(.result, call: id, [:]))
    }

    private func windowFrame(_ count: Int) -> Frame {
        Frame(.window, call: id, payload: withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) })
    }
}
