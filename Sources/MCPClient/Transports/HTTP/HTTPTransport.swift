import ChildProcess
import JSON
import JSONRPC
import MCP
import SystemCalls
import Threading

/// Streamable HTTP: each message is a request of its own, and its response is in the response to that, as JSON or as an
/// event stream.
final class HTTPTransport: MessageTransport {
    /// Maximum number of requests at once, besides those that only listen.
    private static let concurrentRequests = 32
    /// Maximum number of answers to the server, and of cancellations, at once.
    private static let concurrentAnswers = 8
    /// Maximum length of an event's id that is sent back to continue a stream, in bytes.
    private static let maxEventID = 4096
    /// Seconds for a message that has no response.
    private static let notificationSeconds = 10.0
    private static let maxRedirects = 3
    /// How often a stream is continued without having brought anything.
    private static let maxIdleResumptions = 3
    private static let initialize = "initialize"
    static let initialized = "notifications/initialized"

    struct State {
        var url: EndpointURL
        /// `nil` before ``open(_:)`` and after ``close()``.
        var receiver: (any MessageReceiver)?
        /// The server's name for this connection; `nil` if it has none.
        var session: String?
        var server: ServerDescription?
        /// The first request, for the case that the session ends.
        var initialize: Request?
        var renewal: Task<Bool, Never>?
        var lastTask = 0
        var tasks: [Int: Task<Void, Never>] = [:]
        /// The numbers of the tasks that send messages without a response.
        var messages: Set<Int> = []
        /// The requests that wait for a response.
        var requests: [Int: OpenRequest] = [:]
        /// Reports that the handshake is over; no other message may overtake it.
        var initialized: Task<Void, Never>?
        var unsentBytes = 0
        var unsentAnswers = 0
        var isClosed = false
    }

    /// A request that waits for its response.
    struct OpenRequest {
        let task: Task<Void, Never>
        let method: String
        /// Whether the server may know it.
        let isSent: Locked<Bool>
    }

    let hasHeaders = true
    let endpoint: HTTPEndpoint
    let curl: String
    private let secrets: SecretTexts
    let limits: ClientLimits
    private let turns = AsyncSemaphore(count: concurrentRequests)
    /// Apart from the requests' turns: a request may wait for an answer to the server's question.
    private let answerTurns = AsyncSemaphore(count: concurrentAnswers)
    let state: Locked<State>

    /// A transport to `endpoint`. Nothing is sent yet.
    ///
    /// - Throws: ``MCPClientError/cannotStart(_:)`` without `curl`, or if the URL is invalid.
    init(_ endpoint: HTTPEndpoint, limits: ClientLimits) throws(MCPClientError) {
        guard let url = EndpointURL(endpoint.url) else {
            throw .cannotStart("its url \(HTTPEndpoint.fault(in: endpoint.url) ?? "cannot be used")")
        }
        #if canImport(Darwin)
            // The one of the system, which trusts the certificates in the keychain.
            let found = Executables.find("/usr/bin/curl", on: nil)
        #else
            let found = Executables.find("curl", on: endpoint.environment["PATH"])
        #endif
        guard let found else {
            throw .cannotStart("the program curl, which connects to servers with a URL, is not on PATH: install it")
        }
        curl = found
        self.endpoint = endpoint
        self.limits = limits
        secrets = SecretTexts(endpoint.secrets)
        state = Locked(State(url: url))
    }

    func open(_ receiver: any MessageReceiver) throws(MCPClientError) {
        state.withLock { $0.receiver = receiver }
    }

    func adapt(to server: ServerDescription) {
        state.withLock { $0.server = server }
    }

    func send(_ message: OutgoingMessage) -> MCPClientError? {
        let body = message.json.serialized()
        return state.withLock { state in
            guard !state.isClosed, let receiver = state.receiver else { return .ended("it was closed") }
            guard state.unsentBytes == 0 || state.unsentBytes + body.count <= limits.unreadBytes else {
                return .tooManyRequests(limit: state.tasks.count)
            }
            if case .response = message {
                guard state.unsentAnswers < limits.unreadAnswers else {
                    return .tooManyRequests(limit: limits.unreadAnswers)
                }
                state.unsentAnswers += 1
            }
            state.unsentBytes += body.count
            let initialized = state.initialized
            let isSent = Locked(false)
            let task = start(&state, isMessage: !message.isRequest) { [self] in
                await initialized?.value
                await deliver(message, body, receiver, isSent)
                self.state.withLock { state in
                    state.unsentBytes -= body.count
                    if case .response = message { state.unsentAnswers -= 1 }
                }
            }
            switch message {
            case .request(let request, _):
                if request.method == Self.initialize { state.initialize = request }
                if case .integer(let id) = request.id {
                    state.requests[id] = OpenRequest(task: task, method: request.method, isSent: isSent)
                }
            case .notification(let notification):
                if notification.method == Self.initialized { state.initialized = task }
            case .response: break
            }
            return nil
        }
    }

    /// A request is sent at once, or by its own task, which ``abandon(_:cancellation:)`` cancels.
    func withdraw(_ id: Int) -> Bool { false }

    /// Ends the request's connection: for a modern server that is the cancellation (2026-07-28,
    /// basic/utilities/cancellation).
    func abandon(_ id: Int, cancellation: Notification?) {
        state.withLock { state in
            guard let request = state.requests[id] else { return }
            request.task.cancel()
            guard let cancellation, !state.isClosed else { return }
            post(cancellation, of: request, &state)
        }
    }

    /// Posts the cancellation of a request, once that has ended, to a server that takes the end of a connection for an
    /// accident. Must be called before ``close()`` waits for what is left to send.
    private func post(_ cancellation: Notification, of request: OpenRequest, _ state: inout State) {
        guard state.server?.revision.isModern == false else { return }
        _ = start(&state, isMessage: true) { [self] in
            // A request that hasn't been sent must not follow its cancellation, and needs none.
            await request.task.value
            guard request.isSent.withLock({ $0 }) else { return }
            await takingAnswerTurn { [self] in _ = await post(cancellation) }
        }
    }

    /// Ends all exchanges, then the session. What is still to be sent without waiting for a response has a moment:
    /// the server should learn of what was cancelled.
    func close() async {
        let (endless, messages, renewal) = state.withLock { state in
            state.isClosed = true
            for (id, request) in state.requests where request.method != Self.initialize {
                post(Self.cancellation(of: id), of: request, &state)
            }
            let endless = state.tasks.filter { !state.messages.contains($0.key) }
            let messages = state.tasks.filter { state.messages.contains($0.key) }
            return (Array(endless.values), Array(messages.values), state.renewal)
        }
        endless.forEach { $0.cancel() }
        renewal?.cancel()
        let clock = Task.detached { [limits] in
            try await Task.sleep(for: .seconds(limits.closingSeconds))
            messages.forEach { $0.cancel() }
        }
        for task in endless + messages { await task.value }
        clock.cancel()
        _ = await renewal?.value
        let (receiver, session) = state.withLock { state in
            defer { state.receiver = nil }
            return (state.receiver, state.session)
        }
        if session != nil { _ = await exchange("DELETE", maxSeconds: max(1, limits.closingSeconds * 3)) }
        receiver?.end("it was closed")
    }

    private static func cancellation(of id: Int) -> Notification {
        Notification(
            method: "notifications/cancelled",
            params: ["requestId": .integer(id), "reason": "the client has closed the connection"])
    }

    /// Starts a task that ``close()`` ends.
    ///
    /// - Parameter isMessage: whether it sends a message without a response, which ``close()`` gives some time.
    func start(
        _ state: inout State, isMessage: Bool = false, _ body: @escaping @Sendable () async -> Void
    ) -> Task<Void, Never> {
        state.lastTask += 1
        let number = state.lastTask
        let task = Task.detached { [self] in
            await body()
            self.state.withLock { state in
                state.tasks[number] = nil
                state.messages.remove(number)
            }
        }
        state.tasks[number] = task
        if isMessage { state.messages.insert(number) }
        return task
    }

    private func deliver(
        _ message: OutgoingMessage, _ body: [UInt8], _ receiver: any MessageReceiver, _ isSent: Locked<Bool>
    ) async {
        switch message {
        case .request(let request, let headers):
            guard case .integer(let id) = request.id else { return }
            // A stream of changes lasts as long as the connection.
            let takesTurn = request.method != "subscriptions/listen"
            var hasTurn = !takesTurn
            if takesTurn { hasTurn = (try? await turns.wait()) != nil }
            if hasTurn {
                await post(request, id, headers, body, receiver, isSent)
                if takesTurn { turns.signal() }
            }
            state.withLock { $0.requests[id] = nil }
        case .notification(let notification):
            if let status = await post(notification)?.status, status >= 400 {
                receiver.remark("it answers \(notification.method) with the HTTP status \(status)")
            }
            if notification.method == Self.initialized { startListening(receiver) }
        case .response:
            await takingAnswerTurn { [self] in
                _ = await exchange("POST", body: body, maxSeconds: Self.notificationSeconds)
            }
        }
    }

    private func takingAnswerTurn(_ body: () async -> Void) async {
        guard (try? await answerTurns.wait()) != nil else { return }
        await body()
        answerTurns.signal()
    }

    func post(_ notification: Notification) async -> HTTPAnswerHead? {
        await exchange("POST", body: notification.json.serialized(), maxSeconds: Self.notificationSeconds).answer.head
    }

    // MARK: - Requests

    private enum Step {
        case fail(MCPClientError)
        case respond(RPCError)
        case redirect(EndpointURL)
        case renewSession
        /// Continue the event stream after an event.
        case resume(String, afterSeconds: Double)
    }

    private func post(
        _ request: Request, _ id: Int, _ headers: [HeaderField], _ body: [UInt8], _ receiver: any MessageReceiver,
        _ isSent: Locked<Bool>
    ) async {
        var redirects = 0
        var isRenewed = false
        var resumptions = 0
        var lastEvent: String?
        while !Task.isCancelled {
            let (url, session) = state.withLock { ($0.url, $0.session) }
            isSent.withLock { $0 = true }
            let (answer, failure) = await exchange(
                lastEvent == nil ? "POST" : "GET", self.headers(of: request, headers, after: lastEvent),
                body: lastEvent == nil ? body : nil, session: .some(request.method == Self.initialize ? nil : session),
                isOver: { !receiver.isWaiting(for: id) },
                onHead: { [self] head in if request.method == Self.initialize { beginSession(head) } },
                onEvent: { receiver.receive(.complete($0), of: id) })
            if failure == nil, answer.isWhole, HTTPFault.isLikeJSON(answer.content) {
                receiver.receive(.complete(answer.content), of: id)
            }
            guard receiver.isWaiting(for: id), !Task.isCancelled else { return }
            let next = step(
                after: answer, failure, at: url, session == nil ? nil : request.id, continuing: lastEvent)
            if lastEvent != nil {
                // The server has accepted the request before, so that nothing it says now means that it was refused.
                switch next {
                case .resume, .fail: break
                case .respond, .redirect, .renewSession: return receiver.fail(id, Self.streamEnded)
                }
            }
            switch next {
            case .redirect(let other) where redirects < Self.maxRedirects:
                redirects += 1
                state.withLock { $0.url = other }
            case .renewSession where !isRenewed && request.method != Self.initialize:
                isRenewed = true
                guard let session, await renewSession(session, receiver) else {
                    return receiver.fail(
                        id, .unavailable("its session has ended, and it begins no new one", mayHaveHappened: false))
                }
            case .resume(let event, let seconds)
            where event != lastEvent || resumptions < Self.maxIdleResumptions:
                resumptions = event == lastEvent ? resumptions + 1 : 0
                lastEvent = event
                guard (try? await Task.sleep(for: .seconds(seconds))) != nil else { return }
            case .respond(let error):
                return receiver.receive(
                    .complete(Response(id: request.id, .failure(error)).json.serialized()), of: id)
            case .fail(.unavailable(let reason, let mayHaveHappened)):
                let text = secrets.hidden(in: reason)
                let isUnknown = mayHaveHappened || lastEvent != nil
                return receiver.fail(id, .unavailable(text, mayHaveHappened: isUnknown))
            case .fail(.malformed(let reason)): return receiver.fail(id, .malformed(secrets.hidden(in: reason)))
            case .fail(let error): return receiver.fail(id, error)
            case .redirect: return receiver.fail(id, .unavailable("it redirects endlessly", mayHaveHappened: false))
            case .renewSession:
                return receiver.fail(id, .unavailable("its session has ended", mayHaveHappened: false))
            case .resume: return receiver.fail(id, Self.streamEnded)
            }
        }
    }

    private static let streamEnded = MCPClientError.unavailable(
        "its event stream ended before the response", mayHaveHappened: true)

    /// Decides what follows an exchange that brought no response.
    ///
    /// - Parameter id: the request's id if it was sent in a session.
    private func step(
        after answer: HTTPAnswerReader.Answer, _ failure: MCPClientError?, at url: EndpointURL, _ id: RequestID?,
        continuing lastEvent: String?
    ) -> Step {
        if let fault = answer.fault { return .fail(fault) }
        guard let head = answer.head else { return .fail(failure ?? Self.streamEnded) }
        guard !head.isSuccess else {
            // A stream that is continued and brings nothing leaves the last event the last one.
            let event = answer.lastEventID ?? (answer.isWhole ? nil : lastEvent)
            if let event, Self.mayBeSentBack(event), state.withLock({ $0.server?.revision.isModern != true }) {
                let milliseconds = min(max(answer.retryMilliseconds ?? 1000, 0), 60_000)
                return .resume(event, afterSeconds: Double(milliseconds) / 1000)
            }
            if let failure { return .fail(failure) }
            return .fail(answer.isWhole ? HTTPFault.error(in: answer.content, head) : Self.streamEnded)
        }
        if [307, 308].contains(head.status), let location = head.headers["location"],
            case .same(let other)? = url.redirection(to: location)
        {
            return .redirect(other)
        }
        if let id, HTTPFault.isLostSession(head, answer.content, of: id) { return .renewSession }
        if head.status >= 500, let error = HTTPFault.rpcError(in: answer.content) { return .respond(error) }
        if let error = HTTPFault.error(for: head, answer.content, at: url) { return .fail(error) }
        return .respond(HTTPFault.requestError(head, answer.content))
    }

    private static func mayBeSentBack(_ event: String) -> Bool {
        event.utf8.count <= maxEventID && event.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private func headers(of request: Request, _ extra: [HeaderField], after event: String?) -> [HeaderField] {
        if let event { return [HeaderField("Last-Event-ID", event)] }
        let isModern = state.withLock { $0.server?.revision.isModern } ?? (request.method == "server/discover")
        return isModern ? RoutingHeaders.headers(of: request) + extra : []
    }
}

extension HTTPAnswerReader.Answer {
    /// Whether it is a successful response with a single body.
    var isWhole: Bool { head.map { $0.isSuccess && !$0.isEventStream } ?? false && fault == nil }
}
