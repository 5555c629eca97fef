import JSON
import Threading

/// One connection that code in a sandbox has asked for: a call that its guest started, and a socket.
///
/// One thread opens it and passes on what the host sends, another what the guest sends. Neither side may send more than
/// the other has said it will take, so nobody is held up by a connection that nobody reads.
final class EgressConnection: GuestCall {
    /// How many bytes may be on their way in each direction.
    static let window = 128 * 1024
    private static let connectSeconds = 15.0
    private static let pieceSize = 64 * 1024

    private struct State {
        /// The socket, while there is one.
        var socket: OutboundSocket?
        /// How many bytes the guest will still take.
        var credit = 0
        /// How many bytes the guest may still send; none before the connection is there.
        var room = 0
        /// What the guest sent, not yet taken by the writing thread.
        var outgoing: [UInt8] = []
        var guestHasEnded = false
        var isCancelled = false
        var writerHasEnded = true
    }

    private let id: UInt32
    private let send: @Sendable (Frame) throws -> Void
    private let work: @Sendable (EgressConnection) -> Void
    private let state = ConditionLocked(State())

    /// - Parameters:
    ///   - send: sends a frame to the guest and blocks until it is on its way. Throws when the sandbox is gone.
    ///   - work: what ``serve()`` does: calls ``run(to:by:onOpen:)`` or ``finish(_:)``.
    init(
        id: UInt32, send: @escaping @Sendable (Frame) throws -> Void,
        work: @escaping @Sendable (EgressConnection) -> Void
    ) {
        self.id = id
        self.send = send
        self.work = work
    }

    func serve() {
        work(self)
    }

    /// Opens the connection, serves it to its end and tells the guest how that was. Blocks the calling thread.
    ///
    /// - Parameter onOpen: told of the address once the connection is there.
    func run(to host: AllowedHost, by policy: EgressPolicy, onOpen: (IPAddress) -> Void) {
        do throws(EgressFailure) {
            let socket = try open(host, policy, onOpen)
            let failure = relay(socket)
            release(socket)
            if let failure { throw failure }
            finish()
        } catch {
            finish(error)
        }
    }

    /// Tells the guest that nothing came of its call, or no more comes of it. Blocks the calling thread.
    func finish(_ failure: EgressFailure? = nil) {
        try? send(failure?.frame(of: id) ?? Frame(.result, call: id, [:]))
    }

    // What the guest says. Called by the thread that reads the channel.

    /// Takes bytes for the host.
    ///
    /// - Throws: ``ChannelViolation`` where they are more than the guest may send.
    func take(_ bytes: ArraySlice<UInt8>) throws(ChannelViolation) {
        let isTooMuch = state.change { state in
            state.room -= bytes.count
            guard state.room >= 0, !state.guestHasEnded else { return !state.isCancelled }
            state.outgoing += bytes
            return false
        }
        if isTooMuch { throw ChannelViolation(reason: "sent more to a host than it may") }
    }

    /// The guest will take so many bytes more.
    ///
    /// - Throws: ``ChannelViolation`` where that would be more than there are on the way.
    func grant(_ count: UInt32) throws(ChannelViolation) {
        let isTooMuch = state.change { state in
            state.credit += Int(count)
            return state.credit > Self.window
        }
        if isTooMuch { throw ChannelViolation(reason: "asked for more of a host than it may") }
    }

    /// No more comes from the guest.
    func endOfInput() {
        state.change { $0.guestHasEnded = true }
    }

    /// The connection is no longer wanted.
    func cancel() {
        state.change { state in
            state.isCancelled = true
            state.socket?.abort()
        }
    }

    // The way to the host

    private func open(
        _ host: AllowedHost, _ policy: EgressPolicy, _ onOpen: (IPAddress) -> Void
    ) throws(EgressFailure) -> OutboundSocket {
        var last = EgressFailure(.unreachable, "It cannot be reached.")
        for address in try policy.addresses(of: host) {
            do throws(EgressFailure) {
                let socket = try connect(to: address, host.port)
                onOpen(address)
                return socket
            } catch {
                last = error
                guard !state.change({ $0.isCancelled }) else { break }
            }
        }
        throw EgressFailure(last.code, "\(host): \(last.message)")
    }

    private func connect(to address: IPAddress, _ port: UInt16) throws(EgressFailure) -> OutboundSocket {
        let socket = try OutboundSocket(connectingTo: address, port: port)
        state.change { state in
            state.socket = socket
            if state.isCancelled { socket.abort() }
        }
        do throws(EgressFailure) {
            try socket.finishConnecting(seconds: Self.connectSeconds)
            return socket
        } catch {
            release(socket)
            throw error
        }
    }

    private func release(_ socket: OutboundSocket) {
        state.change { $0.socket = nil }
        socket.close()
    }

    // Both directions

    /// Passes bytes on in both directions until both have ended.
    ///
    /// - Returns: what broke it, if anything did.
    private func relay(_ socket: OutboundSocket) -> EgressFailure? {
        state.change { state in
            state.room = Self.window
            state.credit = Self.window
            state.writerHasEnded = false
        }
        do {
            try send(window(Self.window))
            try BackgroundThread.start("egress-writer") { [self] in
                let isWhole = passOnGuestBytes(to: socket)
                if isWhole { socket.endWriting() } else { cancel() }
                state.change { $0.writerHasEnded = true }
            }
        } catch {
            return EgressFailure(.busy, "The server has no thread for another connection.")
        }
        let isWhole = passOnHostBytes(from: socket)
        if !isWhole { cancel() }
        state.wait { $0.writerHasEnded ? () : nil }
        let isCancelled = state.change { $0.isCancelled }
        return isCancelled ? EgressFailure(.lost, "The connection was lost.") : nil
    }

    /// - Returns: whether the host has ended its side in order.
    private func passOnHostBytes(from socket: OutboundSocket) -> Bool {
        while true {
            let room: Int = state.wait { state in
                if state.isCancelled { return 0 }
                guard state.credit > 0 else { return nil }
                return min(state.credit, Self.pieceSize)
            }
            guard room > 0, let bytes = socket.read(atMost: room) else { return false }
            do {
                guard !bytes.isEmpty else {
                    try send(Frame(.end, call: id))
                    return !state.change { $0.isCancelled }
                }
                state.change { $0.credit -= bytes.count }
                try send(Frame(.data, call: id, payload: [0] + bytes))
            } catch {
                return false
            }
        }
    }

    /// - Returns: whether all that the guest sent has gone out.
    private func passOnGuestBytes(to socket: OutboundSocket) -> Bool {
        while true {
            let (bytes, isCancelled): ([UInt8], Bool) = state.wait { state in
                guard !state.outgoing.isEmpty || state.guestHasEnded || state.isCancelled else { return nil }
                defer { state.outgoing = [] }
                return (state.outgoing, state.isCancelled)
            }
            guard !isCancelled else { return false }
            // Nothing more comes, and all of it is out.
            guard !bytes.isEmpty else { return true }
            guard socket.write(bytes) else { return false }
            state.change { $0.room += bytes.count }
            guard (try? send(window(bytes.count))) != nil else { return false }
        }
    }

    private func window(_ count: Int) -> Frame {
        Frame(.window, call: id, payload: withUnsafeBytes(of: UInt32(count).bigEndian) { Array($0) })
    }
}
