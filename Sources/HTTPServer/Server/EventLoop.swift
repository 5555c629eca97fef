import SystemCalls

/// The server's event loop, on one thread: polls the listeners and the connections and does whatever can be done
/// without blocking.
struct EventLoop {
    typealias Instant = ContinuousClock.Instant

    /// Connections that get the response "too many connections"; beyond that they are closed without a response.
    private static let maxRefused = 64
    private static let bufferSize = 64 * 1024
    /// Seconds to stop accepting connections after the system ran out of descriptors.
    private static let pauseSeconds = 0.1

    private let listener: Listener
    private let service: ConnectionContext
    private let admission: Admission
    private var connections: [Int: HTTPConnection] = [:]
    private var lastID = 0
    private var isListening = true
    private var pausedUntil: Instant?
    private var graceEnd: Instant?

    init(listener: Listener, service: ConnectionContext) {
        self.listener = listener
        self.service = service
        admission = Admission(limits: service.limits)
    }

    /// Runs until the server is stopped and all of its tasks have ended. Blocks the calling thread.
    mutating func run() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            var (polls, ids) = whatToWaitFor()
            let timeout = milliseconds(from: .now)
            _ = retryingInterrupts { poll(&polls, nfds_t(polls.count), timeout) }
            let now = Instant.now

            let news = service.eventQueue.take()
            for id in news.connections { connections[id]?.answerProgressed(now) }
            for (place, id) in ids.enumerated() where polls[place + 1].revents != 0 {
                connections[id]?.ready(polls[place + 1].revents, buffer, now)
            }
            for connection in connections.values { connection.timePassed(now) }
            if let grace = news.stopGrace { stop(grace, now) }
            if isListening, polls[(ids.count + 1)...].contains(where: { $0.revents != 0 }) {
                acceptConnections(buffer, now)
            }
            for connection in admission.surplus(of: connections.values, now) { connection.close() }
            if let pausedUntil, pausedUntil <= now { self.pausedUntil = nil }
            removeClosed()
            if !isListening, connections.isEmpty, news.runningTasks == 0 { break }
        }
        service.eventQueue.close()
    }

    /// Returns what to poll: the queue's pipe, the connections in the order of the returned ids, then the listeners.
    private func whatToWaitFor() -> (polls: [pollfd], connections: [Int]) {
        var polls = [pollfd(fd: service.eventQueue.readEnd, events: Int16(POLLIN), revents: 0)]
        var ids: [Int] = []
        polls.reserveCapacity(connections.count + 4)
        ids.reserveCapacity(connections.count)
        for (id, connection) in connections {
            ids.append(id)
            polls.append(pollfd(fd: connection.descriptor, events: connection.interest, revents: 0))
        }
        if isListening, pausedUntil == nil {
            polls += listener.descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        }
        return (polls, ids)
    }

    /// Returns the poll timeout in milliseconds; -1 for none.
    private func milliseconds(from now: Instant) -> Int32 {
        // Without connections the grace period has nothing to cut off: only tasks that end are awaited.
        let surplus = admission.nextSurplus(of: connections.values)
        let others = [pausedUntil, surplus, connections.isEmpty ? nil : graceEnd].compactMap { $0 }
        guard let first = (connections.values.compactMap(\.deadline) + others).min() else { return -1 }
        let left = now.duration(to: first) / .milliseconds(1)
        return Int32(max(0, min(left.rounded(.up), 60_000)))
    }

    private mutating func removeClosed() {
        for (id, connection) in connections where connection.isClosed { connections[id] = nil }
    }

    // MARK: - Accepting connections

    private mutating func acceptConnections(_ buffer: UnsafeMutableRawBufferPointer, _ now: Instant) {
        do throws(SocketError) {
            for descriptor in listener.descriptors {
                // Bounded batch, so that existing connections get their turn as well.
                for _ in 0..<64 {
                    guard let accepted = try Socket.accept(descriptor) else { break }
                    add(accepted, buffer, now)
                }
            }
        } catch {
            service.options.log("HTTP: cannot accept a connection: \(error)")
            pausedUntil = now + .seconds(Self.pauseSeconds)
        }
    }

    private mutating func add(
        _ accepted: (descriptor: Int32, remote: RemoteAddress), _ buffer: UnsafeMutableRawBufferPointer, _ now: Instant
    ) {
        let refusal = refusal(of: accepted.remote, now)
        if refusal != nil, connections.values.count(where: \.isRefused) >= Self.maxRefused {
            return Socket.closeDescriptor(accepted.descriptor)
        }
        lastID += 1
        let connection = HTTPConnection(id: lastID, accepted, service, now: now, refusal: refusal)
        connections[lastID] = connection
        // Data that has already arrived may identify the client. Otherwise the connection could be evicted from a
        // crowd before it is read.
        if refusal == nil { connection.ready(Int16(POLLIN), buffer, now) }
    }

    /// Makes room for a connection, or returns why there is none.
    private mutating func refusal(of remote: RemoteAddress, _ now: Instant) -> HTTPError? {
        switch admission.decision(on: remote, beside: connections.values, now) {
        case .refuses(let refusal): return refusal
        case .takes(let other):
            if let other {
                other.close()
                connections[other.id] = nil
            }
            return nil
        }
    }

    private mutating func stop(_ grace: Double, _ now: Instant) {
        if isListening {
            isListening = false
            listener.close()
            for connection in connections.values { connection.stop() }
        }
        // The shortest grace period wins.
        let end = min(graceEnd ?? now + .seconds(grace), now + .seconds(grace))
        graceEnd = end
        guard end <= now else { return }
        for connection in connections.values { connection.close() }
    }
}
