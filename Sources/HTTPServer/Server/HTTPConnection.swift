import SystemCalls

/// One connection, owned by the event loop's thread. Never blocks: each method does what can be done at once.
final class HTTPConnection {
    private enum Phase {
        /// Waiting for a request or receiving one.
        case receiving
        /// A handler is running, or its response is not fully sent yet.
        case answering(ResponseStream, Task<Void, Never>)
        /// Sending the last output.
        case closing
        /// All output is sent. Further input is discarded, so that the client does not get a reset while it reads the
        /// response.
        case lingering
        case closed
    }

    typealias Instant = ContinuousClock.Instant

    /// Bytes of pipelined requests above which the connection stops reading ahead.
    private static let maxWaiting = 64 * 1024
    private static let lingerSeconds = 2.0
    private static let interimResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    private static let maxDropped = 64 * 1024 * 1024
    /// A connection younger than this may have a request in flight.
    private static let youthSeconds = 1.0

    let id: Int
    let remote: RemoteAddress
    let descriptor: Int32
    /// Whether it was rejected on arrival; such a connection does not count toward the limits.
    let isRefused: Bool
    /// Until when its first request may be in flight.
    let youthEnd: Instant

    private let service: ConnectionContext
    private var phase = Phase.receiving
    private var parser: RequestParser
    private var head: RequestHead?
    /// The room for the body of the request that is being received, if it is a large one.
    private var reservation: LargeBodyBudget.Reservation?
    /// Whether the current request is of a client that knows no interim responses.
    private var isHTTP10 = false
    private var output = OutputQueue()
    private var requestCount = 0
    private var isKnown = false
    private var inputEnded = false
    private var isStopping = false
    private var droppedBytes = 0
    /// Whether any part of the current response was put into the output.
    private var hasResponded = false

    /// What the receive deadline is for; `nil` if it must be set anew.
    private var awaited: RequestParser.Progress?
    private var receiveDeadline: Instant
    private var sendDeadline: Instant?
    private var sentSinceDeadline = 0
    /// When it last became idle.
    private(set) var restingSince: Instant

    init(
        id: Int, _ accepted: (descriptor: Int32, remote: RemoteAddress), _ service: ConnectionContext, now: Instant,
        refusal: HTTPError? = nil
    ) {
        self.id = id
        (descriptor, remote) = accepted
        self.service = service
        parser = RequestParser(limits: service.limits)
        // For the first request, the silence before it counts toward the time for its head.
        receiveDeadline = now + .seconds(service.limits.headSeconds)
        awaited = .idle
        restingSince = now
        isRefused = refusal != nil
        youthEnd = now + .seconds(Self.youthSeconds)
        if let refusal { refuse(refusal, now) }
    }

    // MARK: - State for the event loop

    var isClosed: Bool { if case .closed = phase { true } else { false } }

    /// Whether it can be closed in favor of another one: it is idle, and has served a request or has been silent for a
    /// while.
    func isEvictable(_ now: Instant) -> Bool {
        isResting && (requestCount > 0 || youthEnd <= now)
    }

    /// Whether it has not identified its client yet and no request is being handled.
    var isUnknown: Bool {
        if case .answering = phase { false } else { !isKnown }
    }

    /// Whether it is idle.
    private var isResting: Bool {
        if case .receiving = phase { parser.progress == .idle && output.isEmpty } else { false }
    }

    /// The events to poll for.
    var interest: Int16 {
        var events: Int16 = output.isEmpty ? 0 : Int16(POLLOUT)
        guard !inputEnded else { return events }
        if case .answering = phase, parser.waitingBytes >= Self.maxWaiting {
            events |= Socket.hungUp
        } else {
            events |= Int16(POLLIN)
        }
        return events
    }

    /// When ``timePassed(_:)`` must be called even if nothing happens.
    var deadline: Instant? {
        switch phase {
        case .receiving, .lingering: min(receiveDeadline, sendDeadline ?? receiveDeadline)
        case .answering, .closing: sendDeadline
        case .closed: nil
        }
    }

    // MARK: - Events

    /// Handles poll events.
    func ready(_ events: Int16, _ buffer: UnsafeMutableRawBufferPointer, _ now: Instant) {
        if events & Int16(POLLOUT) != 0 { flush(now) }
        if events & Int16(POLLIN) != 0 {
            receive(buffer, now)
        } else if events & Socket.hungUp != 0 {
            inputDidEnd(now)
        }
        if events & Int16(POLLERR | POLLHUP | POLLNVAL) != 0 { close() }
    }

    /// Sends newly produced parts of the response.
    func answerProgressed(_ now: Instant) {
        guard case .answering(let stream, _) = phase else { return }
        for piece in stream.drainPieces() {
            output.append(piece)
            hasResponded = true
        }
        flush(now)
    }

    /// Closes the connection, or responds with 408, if the deadline has passed.
    func timePassed(_ now: Instant) {
        guard let deadline, deadline <= now else { return }
        // A client that does not read would not read an error response either, and one that sent nothing did not ask
        // for a response.
        let isReading = sendDeadline.map { $0 > now } ?? true
        if case .receiving = phase, isReading, parser.progress != .idle {
            refuse(HTTPError(408, "The request took too long to arrive."), now)
        } else {
            close()
        }
    }

    /// Begins a graceful shutdown: closes the connection if it is idle, else after the current response.
    func stop() {
        isStopping = true
        if isResting { close() }
        if case .answering(let stream, _) = phase { stream.closeAfterwards() }
    }

    /// Closes the connection at once and cancels its task.
    func close() {
        if case .answering(let stream, let task) = phase {
            task.cancel()
            stream.close()
        }
        guard !isClosed else { return }
        reservation = nil
        phase = .closed
        Socket.closeDescriptor(descriptor)
    }

    // MARK: - Input

    private func receive(_ buffer: UnsafeMutableRawBufferPointer, _ now: Instant) {
        guard !isClosed, let count = try? Socket.receive(descriptor, buffer) ?? -1 else { return close() }
        guard count > 0 else {
            if count == 0 { inputDidEnd(now) }
            return
        }
        switch phase {
        case .receiving, .answering:
            parser.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            process(now)
        case .closing, .lingering:
            droppedBytes += count
            if droppedBytes > Self.maxDropped { close() }
        case .closed:
            break
        }
    }

    private func inputDidEnd(_ now: Instant) {
        inputEnded = true
        switch phase {
        case .receiving, .lingering: close()
        case .answering(let stream, _): askWhetherClientIsThere(stream, now)
        case .closing, .closed: break
        }
    }

    /// A client that has closed its sending half may still wait for the response, or it may be gone: both look alike
    /// until something is sent, which a client that is gone answers with a reset.
    private func askWhetherClientIsThere(_ stream: ResponseStream, _ now: Instant) {
        Socket.probeOften(descriptor)
        if hasResponded {
            // The size of the next chunk may begin with zeros.
            guard stream.isBetweenChunks else { return }
            output.append([UInt8(ascii: "0")])
        } else {
            // Any number of interim responses may precede the final one, and this is the one that every client knows.
            guard !isHTTP10 else { return }
            output.append(Self.interimResponse)
        }
        flush(now)
    }

    private func process(_ now: Instant) {
        while case .receiving = phase {
            do {
                switch try parser.next() {
                case .head(let head): receive(head, now)
                case .request(let request): answer(request)
                case nil: return awaitMore(now)
                }
            } catch {
                refuse(error, now)
            }
        }
    }

    private func awaitMore(_ now: Instant) {
        let progress = parser.progress
        guard progress != awaited else { return }
        let isFirst = requestCount == 0 && awaited == .idle
        awaited = progress
        switch progress {
        case .idle:
            restingSince = now
            receiveDeadline = now + .seconds(service.limits.idleSeconds)
        case .head:
            if !isFirst { receiveDeadline = now + .seconds(service.limits.headSeconds) }
        case .body:
            let share = Double(reservation?.bytes ?? 0) / Double(max(1, service.limits.bodyBytes))
            receiveDeadline = now + .seconds(service.limits.bodySeconds * max(1, share))
        }
    }

    private func receive(_ head: RequestHead, _ now: Instant) {
        self.head = head
        requestCount += 1
        if let refusal = service.options.onRequestHead(head.request, remote) {
            end(with: service.lastWord(refusal, isHead: head.request.method == "HEAD"), now)
            return
        }
        isKnown = isKnown || service.options.isKnown(head.request)
        if case .length(let bytes) = head.framing, bytes > service.limits.bodyBytes {
            do {
                reservation = try service.largeBodies.reserve(
                    bytes, for: service.options.clientOfLargeBody?(head.request) ?? "")
            } catch {
                return refuse(error, now)
            }
        }
        if head.expectsContinue, parser.waitingBytes == 0 {
            output.append(Self.interimResponse)
            flush(now)
        }
    }

    private func answer(_ request: HTTPRequest) {
        let isLast = requestCount >= service.limits.requestsPerConnection || isStopping
        let stream = ResponseStream { [eventQueue = service.eventQueue, id] in eventQueue.progressed(connection: id) }
        let delivery = ResponseSender(
            stream: stream, isHead: request.method == "HEAD", isHTTP10: head?.isHTTP10 ?? false,
            closes: head?.closes ?? true || isLast, log: service.options.log)
        isHTTP10 = head?.isHTTP10 ?? false
        head = nil
        awaited = nil
        hasResponded = false
        phase = .answering(stream, service.start(request, from: remote, delivery, reservation))
        reservation = nil
    }

    // MARK: - Output

    private func refuse(_ refusal: HTTPError, _ now: Instant) {
        // A head that could not be parsed may have been a HEAD request. Then the content is more than was asked for,
        // but the connection ends here anyway.
        end(with: service.lastWord(service.options.refusal(refusal), isHead: head?.request.method == "HEAD"), now)
    }

    private func end(with bytes: [UInt8], _ now: Instant) {
        reservation = nil
        output.append(bytes)
        phase = .closing
        flush(now)
    }

    private func flush(_ now: Instant) {
        guard !isClosed, let sent = try? output.send(to: descriptor) else { return close() }
        sentSinceDeadline += sent
        if output.isEmpty {
            sendDeadline = nil
        } else if sendDeadline == nil || sentSinceDeadline >= ResponseStream.highWater {
            sendDeadline = now + .seconds(service.limits.sendSeconds)
            sentSinceDeadline = 0
        }
        if case .answering(let stream, _) = phase { stream.didSend(sent) }
        if output.isEmpty { outputDidEnd(now) }
    }

    private func outputDidEnd(_ now: Instant) {
        switch phase {
        case .answering(let stream, _):
            switch stream.finalEnd {
            case nil: return
            case .abort: close()
            case .keepAlive where (!inputEnded || parser.waitingBytes > 0) && !isStopping:
                phase = .receiving
                process(now)
                // What is left is only a part of a request.
                if inputEnded, case .receiving = phase { close() }
            case .keepAlive, .close: linger(now)
            }
        case .closing: linger(now)
        case .receiving, .lingering, .closed: break
        }
    }

    private func linger(_ now: Instant) {
        guard !inputEnded else { return close() }
        phase = .lingering
        receiveDeadline = now + .seconds(Self.lingerSeconds)
        Socket.endOutput(descriptor)
    }
}
