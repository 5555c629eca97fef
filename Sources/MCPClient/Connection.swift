import JSON
import JSONRPC
import Threading

/// The JSON-RPC connection to a server: requests, responses and the server's own messages. Knows nothing about the
/// meaning of methods.
final class Connection: Sendable {
    /// The options of a request.
    struct Call: Sendable {
        /// Seconds to wait for the response; `nil` for no limit.
        var timeLimit: Double?
        /// Whether to notify the server if the request is abandoned. `initialize` must not be cancelled (2025-11-25,
        /// basic/utilities/cancellation).
        var isCancellable = true
        /// Whether values in the response that are nested too deeply are replaced with ``DeepValues/marker``; otherwise
        /// such a response fails the request.
        var acceptsDeepValues = false
        /// Called with the server's progress messages; `nil` requests none.
        var onProgress: (@Sendable (String) -> Void)?
        /// Called when the server says that it has begun to report changes (2026-07-28,
        /// basic/patterns/subscriptions).
        var onAcknowledged: (@Sendable () -> Void)?
        /// Answers the questions in results of this request, instead of the client's handler; a modern request declares
        /// its modes. `nil` for the client's.
        var elicitation: (any ElicitationHandler)?
        /// What transports with headers send besides their own.
        var headers: [HeaderField] = []
    }

    private enum Ending {
        case none(observers: [@Sendable (String) -> Void])
        case ended(String)
    }

    /// The longest timer in seconds; practically unlimited.
    private static let maxTimerSeconds = 1e9
    /// Maximum number of distinct remarks about one server: it controls their content and must not flood the log.
    private static let maxRemarks = 50
    private static let cancelled = "notifications/cancelled"
    private static let acknowledged = "notifications/subscriptions/acknowledged"
    private static let subscription = "io.modelcontextprotocol/subscriptionId"
    /// Maximum length of a progress message in Unicode scalars.
    private static let progressLength = 2000

    private let transport: any MessageTransport
    private let calls: PendingCalls
    private let incoming: IncomingRequests
    private let limits: ClientLimits
    private let handlers: ServerHandlers
    private let secrets: SecretTexts
    private let remarks = Locked<Set<String>>([])
    private let answersRequests = Locked(true)
    private let ending = Locked(Ending.none(observers: []))
    private let closing = Locked<Task<Void, Never>?>(nil)

    /// Connects through `transport`.
    ///
    /// - Parameter secrets: redacted in what the server says, other than in the results of its tools.
    /// - Throws: ``MCPClientError/cannotStart(_:)``.
    init(
        _ transport: any MessageTransport, secrets: SecretTexts, limits: ClientLimits, handlers: ServerHandlers
    ) throws(MCPClientError) {
        self.transport = transport
        self.secrets = secrets
        self.limits = limits
        self.handlers = handlers
        calls = PendingCalls(limit: limits.requestsInFlight)
        incoming = IncomingRequests(elicitation: handlers.elicitation, limit: limits.unansweredQuestions)
        try transport.open(self)
    }

    /// Sends a request and waits for the response.
    ///
    /// - Returns: the result or the error that the server responds with.
    /// - Throws: ``MCPClientError`` if there is no response.
    func sendRequest(
        _ method: String, _ params: JSONObject, _ call: Call
    ) async throws(MCPClientError) -> PendingCalls.Reply {
        let id = try calls.reserve()
        var params = params
        if call.onProgress != nil {
            var meta = params["_meta"]?.objectValue ?? JSONObject()
            meta["progressToken"] = .integer(id)
            params["_meta"] = .object(meta)
        }
        let message = OutgoingMessage.request(
            Request(id: .integer(id), method: method, params: params), headers: call.headers)
        let timer = call.timeLimit.map { seconds in
            Task { [self] in
                var left = min(max(seconds, 0), Self.maxTimerSeconds)
                var asked = incoming.secondsAsked
                repeat {
                    try await Task.sleep(for: .seconds(left))
                    // The time that the user took for a legacy server's questions isn't the server's.
                    let now = incoming.secondsAsked
                    (left, asked) = (now - asked, now)
                } while left > 0
                giveUp(id, .timedOut(seconds: seconds), notifiesServer: call.isCancellable)
            }
        }
        defer { timer?.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await withPromise { promise in
                    calls.begin(id, promise, call) { transport.send(message) }
                }
            } onCancel: {
                giveUp(id, .cancelled, notifiesServer: call.isCancellable)
            }
        } catch {
            // The promise is never resumed with any other error.
            throw error as? MCPClientError ?? .cancelled
        }
    }

    /// Sends a notification. It is lost if it can't be sent.
    func notify(_ method: String, _ params: JSONObject = JSONObject()) {
        _ = transport.send(.notification(Notification(method: method, params: params)))
    }

    /// Whether requests have headers.
    var hasHeaders: Bool { transport.hasHeaders }

    /// Adapts to the server that the handshake has found.
    func adapt(to server: ServerDescription) {
        transport.adapt(to: server)
    }

    /// Stops responding to the server's requests: a modern client must write no responses (2026-07-28,
    /// basic/transports/stdio).
    func stopAnsweringRequests() {
        answersRequests.withLock { $0 = false }
    }

    /// Reports a protocol violation of the server, each distinct text once.
    func remark(_ text: String) {
        let text = secrets.hidden(in: text)
        let isNew = remarks.withLock { $0.count < Self.maxRemarks && $0.insert(text).inserted }
        if isNew { handlers.onRemark(text) }
    }

    /// Calls `observer` with a description when the server has ended; at once if it already has.
    func onEnd(_ observer: @escaping @Sendable (String) -> Void) {
        let description = ending.withLock { ending -> String? in
            switch ending {
            case .ended(let description): return description
            case .none(let observers):
                ending = .none(observers: observers + [observer])
                return nil
            }
        }
        if let description { observer(description) }
    }

    /// Starts to close the connection, which stops the server if it is a process of ours.
    ///
    /// - Returns: the task that finishes when the server has ended, or some time after it was killed; the same one for
    ///   every call.
    @discardableResult
    func close() -> Task<Void, Never> {
        closing.withLock { closing in
            if let closing { return closing }
            let task = Task.detached { [self] in
                calls.close(.ended("it was closed"))
                incoming.close()
                await transport.close()
            }
            closing = task
            return task
        }
    }

    private func giveUp(_ id: Int, _ error: MCPClientError, notifiesServer: Bool) {
        // Of a request that is taken back the server learns nothing, not even its end.
        let isUnsent = calls.isWaiting(id) && transport.withdraw(id)
        var failure = error
        if isUnsent, case .timedOut = error {
            failure = .unavailable("it did not read the request in time", mayHaveHappened: false)
        }
        guard calls.abandon(id, failure), !isUnsent else { return }
        let params: JSONObject = ["requestId": .integer(id), "reason": .string(error.description)]
        transport.abandon(
            id, cancellation: notifiesServer ? Notification(method: Self.cancelled, params: params) : nil)
    }
}

// Handling of the server's messages.
extension Connection: MessageReceiver {
    private func parse(_ bytes: [UInt8], anyVersion: Bool = false) -> IncomingMessage {
        IncomingMessage.parse(bytes, valueLimit: limits.lineValues, anyVersion: anyVersion)
    }

    private func shallow(_ line: [UInt8], _ anyVersion: Bool) -> IncomingMessage? {
        DeepValues.response(in: line, limits, anyVersion: anyVersion, isAccepted: calls.acceptsDeepValues)
    }

    /// Returns the message in a line, and the line; repaired if it is readable only then.
    private func legible(_ line: [UInt8], anyVersion: Bool = false) -> (IncomingMessage, [UInt8]) {
        let message = parse(line, anyVersion: anyVersion)
        guard !message.isReadable else { return (message, line) }
        if let message = shallow(line, anyVersion) { return (message, line) }
        guard let repaired = RepairedLine.repaired(line) else { return (message, line) }
        let cut = shallow(repaired, anyVersion)
        guard cut != nil || parse(repaired, anyVersion: true).isReadable else { return (message, line) }
        remark("its messages are not valid JSON: they contain invalid UTF-8, control characters or NaN")
        let legible = cut ?? parse(repaired, anyVersion: anyVersion)
        // Nothing but strings and such numbers is ever repaired.
        return (repaired == JSON.repairingStrings(in: line) ? legible : legible.notingLostNumbers, repaired)
    }

    func receive(_ line: LineSplitter.Line, of request: Int?) {
        switch line {
        case .complete(let bytes):
            let (message, line) = legible(bytes)
            receive(message, line, of: request)
        case .tooLong(let limit, let id):
            fail(id, .malformed("a line of more than \(limit) bytes"))
        case .unfinished(let bytes):
            receiveLast(bytes)
        }
    }

    func fail(_ id: Int, _ error: MCPClientError) {
        _ = calls.finish(id, .failure(error))
    }

    func isWaiting(for id: Int) -> Bool { calls.isWaiting(id) }

    func end(_ description: String) {
        calls.close(.ended(description))
        incoming.close()
        let observers = ending.withLock { ending -> [@Sendable (String) -> Void] in
            guard case .none(let observers) = ending else { return [] }
            ending = .ended(description)
            return observers
        }
        observers.forEach { $0(description) }
    }

    /// Handles an unterminated last line of a server that has ended; ignores it unless it is a complete message.
    private func receiveLast(_ bytes: [UInt8]) {
        let (message, line) = legible(bytes)
        if case .invalid = message, !receiveOdd(line) { return }
        receive(message, line)
    }

    /// Fails the call that a line with this id responds to; if that is unknown, all calls, so that none waits forever.
    private func fail(_ id: RequestID?, _ error: MCPClientError) {
        if let number = id?.number, calls.finish(number, .failure(error)) { return }
        calls.failAll(error)
    }

    /// - Parameters:
    ///   - line: the line that is the message; empty for a message in a batch.
    ///   - request: the only request that it can respond to; `nil` if it may be any.
    private func receive(_ message: IncomingMessage, _ line: [UInt8], of request: Int? = nil) {
        switch message {
        case .response(let id, nil):
            let result = RepairedLine.bareResult(of: line, valueLimit: limits.lineValues)
            if result != nil { remark("its results aren't objects") }
            finish(id, result.map { .success($0) }, size: line.count, of: request)
        case .response(let id, let outcome): finish(id, outcome, size: line.count, of: request)
        case .notification(let notification): handle(notification)
        case .request(let request): answer(request)
        case .batch(let messages):
            for case .invalid in messages where receiveOdd(line) { return }
            messages.forEach { receive($0, [], of: request) }
        case .invalid(let response): if !receiveOdd(line, of: request) { ignore(response, line, of: request) }
        }
    }

    /// Handles a line that contains a message but isn't a valid one: the version is missing, or there is other text
    /// around it.
    ///
    /// - Returns: whether there was a message.
    private func receiveOdd(_ line: [UInt8], of request: Int? = nil) -> Bool {
        guard !line.isEmpty else { return false }
        switch parse(line, anyVersion: true) {
        case .invalid: break
        case .batch(let messages) where messages.allSatisfy({ if case .invalid = $0 { true } else { false } }): break
        case .batch(let messages):
            remark(Self.noVersion)
            messages.forEach { receive($0, [], of: request) }
            return true
        case let message:
            remark(Self.noVersion)
            receive(message, line, of: request)
            return true
        }
        var isFound = false
        for part in EmbeddedObjects.parts(of: line) where part.count < line.count {
            let (message, text) = legible(Array(part), anyVersion: true)
            switch message {
            // A log may quote a message meant for someone else: accept only messages addressed to this client.
            case .response(let id?, _) where id.number.map(calls.isWaiting) == true: break
            case .notification: break
            default: continue
            }
            isFound = true
            remark("it writes other text on the same lines as its messages")
            receive(message, text)
        }
        return isFound
    }

    private static let noVersion = "its messages lack \"jsonrpc\": \"2.0\""

    private func finish(
        _ id: RequestID?, _ outcome: Result<JSONObject, RPCError>?, size: Int, of request: Int?
    ) {
        let reply: PendingCalls.Outcome =
            switch outcome {
            case let outcome?: .success(PendingCalls.Reply(outcome: secrets.hidden(in: outcome), size: size))
            case nil: .failure(.malformed("an answer that is neither a result nor an error"))
            }
        switch id {
        case .integer(let number)?:
            // The request may have been abandoned already; its response may have crossed the cancellation.
            _ = calls.finish(number, reply)
        case let id?:
            guard let number = id.number, calls.finish(number, reply) else { fallthrough }
            remark("its answers have ids of another type than the requests")
        case nil:
            // A server that can't parse a request can't name its id.
            let only = request ?? calls.onlyOne
            if id == nil, case .failure? = outcome, let only, calls.finish(only, reply) { return }
            remark("it answered a request that was never sent")
        }
    }

    private func handle(_ notification: Notification) {
        guard notification.method == "notifications/progress" else {
            let question = notification.method == Self.cancelled ? RequestID(notification.params["requestId"]) : nil
            if let question, incoming.cancel(question) { return }
            if notification.method == Self.acknowledged,
                let id = RequestID(notification.params["_meta"]?[Self.subscription])?.number
            {
                calls.acknowledge(id)
            }
            incoming.note(notification)
            return handlers.onNotification(notification.method)
        }
        guard let id = RequestID(notification.params["progressToken"])?.number,
            let message = notification.params["message"]?.stringValue
        else { return }
        calls.report(secrets.hidden(in: message).beginning(Self.progressLength), of: id)
    }

    private func answer(_ request: Request) {
        guard !request.method.hasPrefix("notifications/") else {
            remark("its notifications have ids")
            return handle(Notification(method: request.method, params: request.params))
        }
        guard answersRequests.withLock({ $0 }) else {
            return remark("it sends \(request.method.beginning(100)), though servers of its revision send no requests")
        }
        incoming.answer(request) { [weak self] outcome in
            guard let self, transport.send(.response(Response(id: request.id, outcome))) != nil else { return }
            remark("it sends requests faster than it reads the answers; some get none")
        }
    }

    private func ignore(_ response: Response, _ line: [UInt8], of request: Int?) {
        // A message, but a broken one, for example invalid Unicode: without this its caller would wait forever. If it
        // has a method, its id isn't one of ours.
        if case .failure(let error) = response.outcome, isLikeMessage(line) {
            let names = Self.outermostNames(line)
            let id = names.contains("method") ? nil : response.id
            let number = id?.number ?? request
            if let number, calls.finish(number, .failure(.malformed(error.message))) { return }
            guard request == nil else { return }
            // Nobody waits for any other message.
            let isResponse = !names.contains("method") && !names.isDisjoint(with: ["result", "error"])
            if isResponse, names.contains("jsonrpc") { return calls.failAll(.malformed(error.message)) }
        }
        remark("it writes text that isn't a message to its standard output")
    }

    /// Returns which of the names that tell messages apart the outermost object of a line has. It need not be valid.
    private static func outermostNames(_ line: [UInt8]) -> Set<String> {
        var scanner = JSONScanner()
        let text = line.filter {
            scanner.advance(over: $0)
            return scanner.depth <= 1
        }
        return Set(["jsonrpc", "method", "result", "error"].filter { text.contains(Array("\"\($0)\"".utf8)) })
    }

    /// Whether a line is a message, even a broken one. Log text that quotes a message isn't one, and objects in a log
    /// have other members.
    private func isLikeMessage(_ line: [UInt8]) -> Bool {
        // Nothing more is known about a message in a batch.
        guard let first = line.first(where: { ![0x20, 0x09, 0xEF, 0xBB, 0xBF].contains($0) }) else { return true }
        return [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first)
            && ["jsonrpc", "result", "error"].contains { line.contains(Array("\"\($0)\"".utf8)) }
    }
}
