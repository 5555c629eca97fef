import Threading

/// One connection that code in a sandbox requested: a guest-initiated call and a socket.
///
/// One thread opens it and forwards what the host sends; another forwards what the guest sends.
final class EgressConnection: StreamedGuestCall {
    /// Maximum number of bytes in flight in each direction.
    static let window = GuestCallStream.window
    private static let connectSeconds = 15.0
    private static let pieceSize = 64 * 1024

    private struct State {
        /// The socket while it is in use.
        var socket: OutboundSocket?
        var writerHasEnded = true
    }

    let stream: GuestCallStream
    private let events: SandboxEvents
    private let work: @Sendable (EgressConnection) -> Void
    private let state = ConditionLocked(State())

    /// - Parameters:
    ///   - stream: the call's bytes.
    ///   - events: receives how many bytes are passed on.
    ///   - work: the body of ``serve()``, which calls ``run(to:by:onOpen:onUnopened:)`` or ``finish(_:)``.
    init(
        _ stream: GuestCallStream, events: SandboxEvents = SandboxEvents(),
        work: @escaping @Sendable (EgressConnection) -> Void
    ) {
        self.stream = stream
        self.events = events
        self.work = work
    }

    func serve() {
        work(self)
    }

    func cancel() {
        // In this order: a socket that is created afterwards finds the call cancelled.
        stream.cancel()
        state.change { $0.socket?.abort() }
    }

    /// Opens the connection, serves it to its end and reports the outcome to the guest. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - onOpen: called with the address once the connection is open.
    ///   - onUnopened: called with the reason if it can't be opened.
    func run(
        to host: AllowedHost, by policy: EgressPolicy, onOpen: (IPAddress) -> Void,
        onUnopened: (EgressError) -> Void = { _ in }
    ) {
        let socket: OutboundSocket
        do throws(EgressError) {
            socket = try open(host, policy, onOpen)
        } catch {
            onUnopened(error)
            return finish(error)
        }
        let failure = relay(socket)
        release(socket)
        finish(failure)
    }

    /// Reports the end of the call, or its failure, to the guest. Blocks the calling thread.
    func finish(_ failure: EgressError? = nil) {
        stream.finish(failure)
    }

    // Connecting

    private func open(
        _ host: AllowedHost, _ policy: EgressPolicy, _ onOpen: (IPAddress) -> Void
    ) throws(EgressError) -> OutboundSocket {
        var last = EgressError(.unreachable, "It cannot be reached.")
        for address in try policy.addresses(of: host) {
            do throws(EgressError) {
                let socket = try connect(to: address, host.port)
                onOpen(address)
                return socket
            } catch {
                last = error
                guard !stream.isCancelled else { break }
            }
        }
        throw EgressError(last.code, "\(host): \(last.message)")
    }

    private func connect(to address: IPAddress, _ port: UInt16) throws(EgressError) -> OutboundSocket {
        let socket = try OutboundSocket(connectingTo: address, port: port)
        state.change { $0.socket = socket }
        if stream.isCancelled { socket.abort() }
        do throws(EgressError) {
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

    // Relaying

    /// Forwards bytes in both directions until both have ended.
    ///
    /// - Returns: the error that broke the connection; `nil` if it ended normally.
    private func relay(_ socket: OutboundSocket) -> EgressError? {
        state.change { $0.writerHasEnded = false }
        do {
            try stream.open()
            try BackgroundThread.start("egress-writer") { [self] in
                let isWhole = passOnGuestBytes(to: socket)
                if isWhole { socket.endWriting() } else { cancel() }
                state.change { $0.writerHasEnded = true }
            }
        } catch {
            return EgressError(.busy, "The server has no thread for another connection.")
        }
        let isWhole = passOnHostBytes(from: socket)
        if !isWhole { cancel() }
        state.wait { $0.writerHasEnded ? () : nil }
        return stream.isCancelled ? EgressError(.lost, "The connection was lost.") : nil
    }

    /// - Returns: whether the host closed its side in an orderly way.
    private func passOnHostBytes(from socket: OutboundSocket) -> Bool {
        while true {
            let room = stream.waitForCredit(atMost: Self.pieceSize)
            guard room > 0, let bytes = socket.read(atMost: room) else { return false }
            do {
                guard !bytes.isEmpty else {
                    try stream.endWriting()
                    return !stream.isCancelled
                }
                try stream.write(bytes)
                events(.transferred(.received, bytes: bytes.count))
            } catch {
                return false
            }
        }
    }

    /// - Returns: whether everything that the guest sent was written.
    private func passOnGuestBytes(to socket: OutboundSocket) -> Bool {
        while let bytes = stream.read() {
            // End of input, and all of it has been written.
            guard !bytes.isEmpty else { return true }
            guard socket.write(bytes), (try? stream.release(bytes.count)) != nil else { return false }
            events(.transferred(.sent, bytes: bytes.count))
        }
        return false
    }
}
