import Diagnostics
import ExecCore
import JSON
import JSONRPC
import MCP
import Threading

/// A conversation with one client: reads lines, writes answers. Each request is interpreted on its own, in the era that
/// it names; only what `initialize` has negotiated is kept as state.
///
/// A single thread calls ``receive(_:)``. Quick requests are answered on that thread, so that a `ping` or a
/// cancellation never waits behind work; anything that takes time runs in a task.
final class Session: Sendable {
    /// The maximum number of values in a message, including those nested in arrays and objects. A value that takes two
    /// bytes in a line needs some tens of bytes in memory. No meaningful request comes near this limit.
    static let valueLimit = 120_000

    private let methods: MethodTable
    private let writer: LineWriter
    private let logger: Logger
    private let inFlight = InFlightRequests()
    private let batchRoom = BatchRoom()
    private let negotiated = Locked<Negotiated?>(nil)

    /// What `initialize` has agreed on.
    private struct Negotiated {
        let revision: Revision
        let elicitation: ElicitationModes
    }

    init(methods: MethodTable, writer: LineWriter, logger: Logger) {
        self.methods = methods
        self.writer = writer
        self.logger = logger
    }

    /// Processes one line from the client.
    func receive(_ line: LineSplitter.Line) {
        switch line {
        case .tooLong(let limit, let id):
            if methods.questions.receiveUnreadable(id: id) { return }
            let error = RPCError.invalidRequest("A line has more than \(limit) bytes; it was ignored.")
            respond(Response(id: id, .failure(error)))
        case .complete(let bytes):
            receive(IncomingMessage.parse(bytes, valueLimit: Self.valueLimit), size: bytes.count)
        case .unfinished(let bytes):
            // Accepts a whole message without a line end, as `printf` writes it. For part of a message, no client is
            // waiting for an answer.
            let message = IncomingMessage.parse(bytes, valueLimit: Self.valueLimit)
            if !message.isBroken { receive(message, size: bytes.count) }
        }
    }

    /// Stops requests from waiting for room, including those that wait now.
    func stopWaitingForRoom() {
        inFlight.stopWaitingForRoom()
    }

    /// Waits until no request is in progress.
    func waitForEnd() {
        inFlight.waitForEnd()
    }

    private func receive(_ message: IncomingMessage, size: Int) {
        guard case .batch(let messages) = message else {
            return handle(message, size: size) { [self] in if let response = $0 { respond(response) } }
        }
        guard negotiated.withLock({ $0 })?.revision.hasBatches == true else { return refuse(messages) }
        let reply = BatchReply(awaited: messages.filter(\.isAnswered).count, room: batchRoom) { [writer] in
            writer.write(line: $0)
        }
        // Each message holds its own share of the line.
        let size = size / messages.count + 1
        for message in messages {
            if case .request(let request) = message, request.method == methods.initialize.name {
                let error = RPCError.invalidRequest("initialize must not be part of a batch.")
                reply.add(Response(id: request.id, .failure(error)))
            } else {
                handle(message, size: size) { reply.add($0) }
            }
        }
    }

    /// Answers each message of a batch whose ID is known, so that the client doesn't wait for it. Answers to questions
    /// are accepted, since a person waits for what they do.
    private func refuse(_ batch: [IncomingMessage]) {
        let answers = batch.filter { message in
            switch message {
            case .response(let id, let outcome): methods.questions.receive(outcome, to: id)
            case .invalid(let response): methods.questions.receiveUnreadable(id: response.id)
            case .request, .notification, .batch: false
            }
        }
        if answers.count == batch.count { return }
        let error = RPCError.invalidRequest("Only the revision 2025-03-26 has batches. Send messages one by one.")
        let ids = batch.compactMap(\.answeredID)
        for id in ids.isEmpty ? [nil] : ids.map(Optional.some) { respond(Response(id: id, .failure(error))) }
    }

    /// - Parameter reply: called once for each message that gets an answer; with `nil` if the message was cancelled.
    private func handle(_ message: IncomingMessage, size: Int, _ reply: @escaping @Sendable (Response?) -> Void) {
        switch message {
        // An answer with a method, or one that can't be read.
        case .request(let request) where methods.questions.receiveUnreadable(id: request.id): reply(nil)
        case .invalid(let response) where methods.questions.receiveUnreadable(id: response.id): reply(nil)
        case .request(let request): serve(request, size: size, reply)
        case .notification(let notification): handle(notification)
        case .response(let id, let outcome):
            if !methods.questions.receive(outcome, to: id) {
                logger.debug("ignored a response to \(id?.description ?? "nothing"): no such request is open")
            }
        case .invalid(let response): reply(response)
        case .batch: reply(Response(id: nil, .failure(.invalidRequest("A batch must not contain another."))))
        }
    }

    private func handle(_ notification: Notification) {
        switch notification.method {
        case "notifications/cancelled":
            inFlight.cancel(notification.params["requestId"])
        case "notifications/initialized":
            if negotiated.withLock({ $0 }) != nil { methods.subscriptions.openLegacy() }
        default: break
        }
    }

    private func serve(_ request: Request, size: Int, _ answer: @escaping @Sendable (Response?) -> Void) {
        let method = request.method
        let reply: @Sendable (Response?) -> Void = { [metrics = methods.metrics] response in
            metrics.countRequest(method, response)
            answer(response)
        }
        do {
            switch try begin(request) {
            case .immediate(let result):
                reply(Response(id: request.id, .success(result)))
            case .deferred(let held, let work):
                // Captures only the ID: the request may be large and the work may take long.
                let id = request.id
                try inFlight.start(id, size: max(held ?? size, 1), onCancel: { reply(nil) }) { [writer] active in
                    let untilRoom: @Sendable () async -> Void = { await writer.untilRoom() }
                    let notifier = RequestNotifier(id: id, room: AnswerRoom(untilRoom)) { notification in
                        active.whileActive { writer.writeIfKeepingUp(notification.json) }
                    }
                    await untilRoom()
                    let outcome = await Self.outcome(of: work, notifier)
                    if active.finish() { reply(Response(id: id, outcome)) }
                }
            }
        } catch {
            reply(Response(id: request.id, .failure(error)))
        }
    }

    private func begin(_ request: Request) throws(RPCError) -> MethodReply {
        if request.method == methods.initialize.name {
            let (revision, result) = try methods.initialize.handshake(request)
            let capabilities = (try? request.params.object("capabilities")) ?? JSONObject()
            let elicitation = ElicitationModes(capabilities: capabilities, revision: revision)
            negotiated.withLock { $0 = Negotiated(revision: revision, elicitation: elicitation) }
            return .immediate(result)
        }
        let negotiated = negotiated.withLock { $0 }
        let context = try RequestContext.of(
            request, negotiated: negotiated?.revision, elicitation: negotiated?.elicitation ?? [],
            isModernOnly: methods.isModernOnly(request.method))
        return try methods.method(of: request, in: context.revision).answer(request, context)
    }

    /// Does the work. Its result needs room, since a client that reads nothing may have asked for thousands of large
    /// answers.
    private static func outcome(
        of work: @Sendable (RequestNotifier) async throws -> JSONObject, _ notifier: RequestNotifier
    ) async -> Result<JSONObject, RPCError> {
        do {
            return .success(try await notifier.room.while { try await work(notifier) })
        } catch let error as RPCError {
            return .failure(error)
        } catch {
            return .failure(.internalError("\(error)"))
        }
    }

    private func respond(_ response: Response) {
        writer.write(response.json)
    }
}

extension ServerMetrics {
    /// Counts a request by its response; `nil` if it was cancelled.
    fileprivate func countRequest(_ method: String, _ response: Response?) {
        let isError = if case .failure? = response?.outcome { true } else { false }
        countRequest(method, response == nil ? .cancelled : isError ? .error : .ok)
    }
}

extension IncomingMessage {
    /// Whether the message, or one in the batch, is invalid.
    fileprivate var isBroken: Bool {
        switch self {
        case .invalid: true
        case .batch(let messages): messages.contains(where: \.isBroken)
        case .request, .notification, .response: false
        }
    }

    /// The ID to use in an answer; `nil` if the message has no ID or gets no answer.
    fileprivate var answeredID: RequestID? {
        switch self {
        case .request(let request): request.id
        case .invalid(let response): response.id
        case .notification, .response, .batch: nil
        }
    }

    /// Whether a batch that contains this message owes an answer for it.
    fileprivate var isAnswered: Bool {
        switch self {
        case .request, .invalid, .batch: true
        case .notification, .response: false
        }
    }
}
