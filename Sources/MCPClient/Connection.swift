import ChildProcess
import JSON
import JSONRPC
import SystemCalls
import Threading

/// A server process and the JSON-RPC connection to it: requests, responses and the server's own messages. Knows
/// nothing about the meaning of methods.
///
/// The child process's reader thread reads all of the server's output and reaps the process.
final class Connection: Sendable {
    /// The options of a request.
    struct Call: Sendable {
        /// Seconds to wait for the response; `nil` for no limit.
        var timeLimit: Double?
        /// Whether to notify the server if the request is abandoned. `initialize` must not be cancelled (2025-11-25,
        /// basic/utilities/cancellation).
        var isCancellable = true
        /// Called with the server's progress messages; `nil` requests none.
        var onProgress: (@Sendable (String) -> Void)?
    }

    private enum Ending {
        case none(observers: [@Sendable (String) -> Void])
        case ended(String)
    }

    /// The longest timer in seconds; practically unlimited.
    private static let longestTimer = 1e9
    /// Seconds that a server has to exit by itself after closing its standard output.
    private static let lastSeconds = 2.0
    /// Maximum number of distinct remarks about one server: it controls their content and must not flood the log.
    private static let maxRemarks = 50
    private static let cancelled = "notifications/cancelled"
    /// Maximum length of a progress message in Unicode scalars.
    private static let progressLength = 2000

    private let child: ChildProcess
    private let outbox: Outbox
    private let calls: PendingCalls
    private let incoming: IncomingRequests
    private let limits: ClientLimits
    private let handlers: ServerHandlers
    private let secrets: SecretTexts
    private let splitter: Locked<LineSplitter>
    private let remarks = Locked<Set<String>>([])
    private let answersRequests = Locked(true)
    private let ending = Locked(Ending.none(observers: []))
    private let hasEnded = AsyncEvent()
    private let closing = Locked<Task<Void, Never>?>(nil)
    /// Whether the server was stopped because it had closed its standard output.
    private let isMute = Locked(false)

    /// Starts `program` and reads its output.
    ///
    /// - Throws: ``MCPClientError/cannotStart(_:)``.
    init(starting program: ServerProgram, limits: ClientLimits, handlers: ServerHandlers) throws(MCPClientError) {
        self.limits = limits
        self.handlers = handlers
        splitter = Locked(LineSplitter(limit: limits.lineBytes))
        let calls = PendingCalls(limit: limits.requestsInFlight)
        self.calls = calls
        incoming = IncomingRequests(elicitation: handlers.elicitation, limit: limits.unansweredQuestions)
        let secrets = SecretTexts(program.secrets)
        self.secrets = secrets
        let errorLines = ErrorLines(onLine: { handlers.onErrorLine(secrets.hidden(in: $0)) })
        do throws(SpawnError) {
            let child = try ChildProcess(
                starting: Command(
                    executable: program.executable, arguments: program.arguments, environment: program.environment,
                    workingDirectory: program.workingDirectory))
            self.child = child
            outbox = Outbox(
                input: child.input, limit: limits.unreadBytes, answerLimit: limits.unreadAnswers
            ) { [hasEnded] in
                // A server that doesn't read is useless even if it runs. Its end then fails the pending calls.
                Task { await child.terminate(hasEnded, withinSeconds: limits.closingSeconds) }
            }
            // If the program has ended, the server has, even if another process holds its pipes open.
            try child.read(
                endsWithProgram: true, onOutput: { [self] in read($0) }, onErrorOutput: { errorLines.feed($0) },
                onOutputEnd: { [self] in Task { await endMute() } },
                onEnd: { [self] in finish($0) })
        } catch {
            throw .cannotStart(error.description)
        }
    }

    /// Sends a request and waits for the response.
    ///
    /// - Returns: the result or the error that the server responds with.
    /// - Throws: ``MCPClientError`` if there is no response.
    func exchange(
        _ method: String, _ params: JSONObject, _ call: Call
    ) async throws(MCPClientError) -> PendingCalls.Reply {
        let id = try calls.reserve()
        var params = params
        if call.onProgress != nil {
            var meta = params["_meta"]?.objectValue ?? JSONObject()
            meta["progressToken"] = .integer(id)
            params["_meta"] = .object(meta)
        }
        let message = Request(id: .integer(id), method: method, params: params).json
        let timer = call.timeLimit.map { seconds in
            Task { [self] in
                try await Task.sleep(for: .seconds(min(max(seconds, 0), Self.longestTimer)))
                giveUp(id, .timedOut(seconds: seconds), tellsServer: call.isCancellable)
            }
        }
        defer { timer?.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await withPromise { promise in
                    calls.begin(id, promise, onProgress: call.onProgress) { outbox.add(message) }
                }
            } onCancel: {
                giveUp(id, .cancelled, tellsServer: call.isCancellable)
            }
        } catch {
            // The promise is never resumed with any other error.
            throw error as? MCPClientError ?? .cancelled
        }
    }

    /// Sends a notification. It is lost if it can't be sent.
    func notify(_ method: String, _ params: JSONObject = JSONObject()) {
        _ = outbox.add(Notification(method: method, params: params).json)
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

    /// Starts to stop the server: closes its input, then sends signals if that isn't enough (2026-07-28,
    /// basic/transports/stdio).
    ///
    /// - Returns: the task that finishes when the server has ended, or some time after SIGKILL; the same one for every
    ///   call.
    @discardableResult
    func close() -> Task<Void, Never> {
        closing.withLock { closing in
            if let closing { return closing }
            let task = Task.detached { [self] in await tearDown() }
            closing = task
            return task
        }
    }

    private func tearDown() async {
        calls.close(.ended("it was closed"))
        incoming.close()
        outbox.close()
        for signal in [nil, SIGTERM, SIGKILL] {
            if let signal { child.signal(signal) }
            if await hasEnded.wait(seconds: limits.closingSeconds) { return }
        }
    }

    /// Stops a server that has closed its standard output but keeps running: it can't respond any more.
    private func endMute() async {
        guard await !hasEnded.wait(seconds: Self.lastSeconds) else { return }
        isMute.withLock { $0 = true }
        await child.terminate(hasEnded, withinSeconds: limits.closingSeconds)
    }

    private func giveUp(_ id: Int, _ error: MCPClientError, tellsServer: Bool) {
        guard calls.abandon(id, error), tellsServer else { return }
        notify(Self.cancelled, ["requestId": .integer(id), "reason": .string(error.description)])
    }
}

// Handling of the server's messages, on the reader thread.
extension Connection {
    private func parse(_ bytes: [UInt8], anyVersion: Bool = false) -> IncomingMessage {
        IncomingMessage.parse(bytes, valueLimit: limits.lineValues, anyVersion: anyVersion)
    }

    /// Returns the message in a line, and the line; repaired if it is readable only then.
    private func legible(_ line: [UInt8], anyVersion: Bool = false) -> (IncomingMessage, [UInt8]) {
        let message = parse(line, anyVersion: anyVersion)
        guard !message.isReadable, let mended = MendedLine.mended(line), parse(mended, anyVersion: true).isReadable
        else { return (message, line) }
        remark("its messages are not valid JSON: bytes that are no UTF-8, control characters or NaN")
        return (parse(mended, anyVersion: anyVersion), mended)
    }

    private func read(_ piece: UnsafeRawBufferPointer) {
        let lines = splitter.withLock { splitter in
            var lines: [LineSplitter.Line] = []
            splitter.feed(piece) { lines.append($0) }
            return lines
        }
        for line in lines {
            switch line {
            case .complete(let bytes):
                let (message, line) = legible(bytes)
                receive(message, line)
            case .tooLong(let limit, let id):
                fail(id, .malformed("a line of more than \(limit) bytes"))
            case .unfinished(let bytes):
                receiveLast(bytes)
            }
        }
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

    /// - Parameter line: the line that is the message; empty for a message in a batch.
    private func receive(_ message: IncomingMessage, _ line: [UInt8]) {
        switch message {
        case .response(let id, nil):
            let result = MendedLine.bareResult(of: line, valueLimit: limits.lineValues)
            if result != nil { remark("its results are no objects") }
            finish(id, result.map { .success($0) }, size: line.count)
        case .response(let id, let outcome): finish(id, outcome, size: line.count)
        case .notification(let notification): take(notification)
        case .request(let request): answer(request)
        case .batch(let messages):
            for case .invalid in messages where receiveOdd(line) { return }
            messages.forEach { receive($0, []) }
        case .invalid(let response): if !receiveOdd(line) { passOver(response, line) }
        }
    }

    /// Handles a line that contains a message but isn't a valid one: the version is missing, or there is other text
    /// around it.
    ///
    /// - Returns: whether there was a message.
    private func receiveOdd(_ line: [UInt8]) -> Bool {
        guard !line.isEmpty else { return false }
        switch parse(line, anyVersion: true) {
        case .invalid: break
        case .batch(let messages) where messages.allSatisfy({ if case .invalid = $0 { true } else { false } }): break
        case .batch(let messages):
            remark(Self.noVersion)
            messages.forEach { receive($0, []) }
            return true
        case let message:
            remark(Self.noVersion)
            receive(message, line)
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
            remark("it writes other text into the lines of its messages")
            receive(message, text)
        }
        return isFound
    }

    private static let noVersion = "its messages do not say \"jsonrpc\": \"2.0\""

    private func finish(_ id: RequestID?, _ outcome: Result<JSONObject, RPCError>?, size: Int) {
        let reply: PendingCalls.Outcome =
            switch outcome {
            case let outcome?: .success(PendingCalls.Reply(outcome: outcome.mapError(withoutSecrets), size: size))
            case nil: .failure(.malformed("an answer that is neither a result nor an error"))
            }
        switch id {
        case .integer(let number)?:
            // The request may have been abandoned already; its response may have crossed the cancellation.
            _ = calls.finish(number, reply)
        case let id?:
            guard let number = id.number, calls.finish(number, reply) else { fallthrough }
            remark("it answers with ids of another kind than it was asked with")
        case nil:
            // A server that can't parse a request can't name its id.
            if id == nil, case .failure? = outcome, let number = calls.onlyOne, calls.finish(number, reply) { return }
            remark("it answered a request that nobody made")
        }
    }

    private func withoutSecrets(_ error: RPCError) -> RPCError {
        RPCError(code: error.code, message: secrets.hidden(in: error.message), data: error.data)
    }

    private func take(_ notification: Notification) {
        guard notification.method == "notifications/progress" else {
            let question = notification.method == Self.cancelled ? RequestID(notification.params["requestId"]) : nil
            if let question, incoming.cancel(question) { return }
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
            return take(Notification(method: request.method, params: request.params))
        }
        guard answersRequests.withLock({ $0 }) else {
            return remark("it asks \(request.method.beginning(100)), though servers of its revision ask nothing")
        }
        incoming.answer(request) { [weak self] outcome in
            guard let self, !outbox.add(answer: Response(id: request.id, outcome).json) else { return }
            remark("it asks more than it reads answers; some get none")
        }
    }

    private func passOver(_ response: Response, _ line: [UInt8]) {
        // A message, but a broken one, for example invalid Unicode: without this its caller would wait forever. If it
        // has a method, its id isn't one of ours.
        if case .failure(let error) = response.outcome, isLikeMessage(line) {
            let id = line.contains(Array("\"method\"".utf8)) ? nil : response.id
            if let number = id?.number, calls.finish(number, .failure(.malformed(error.message))) { return }
            if line.contains(Array("\"jsonrpc\"".utf8)) { return calls.failAll(.malformed(error.message)) }
        }
        remark("it writes to its standard output what is no message")
    }

    /// Whether a line is a message, even a broken one. Log text that quotes a message isn't one, and objects in a log
    /// have other members.
    private func isLikeMessage(_ line: [UInt8]) -> Bool {
        // Nothing more is known about a message in a batch.
        guard let first = line.first(where: { ![0x20, 0x09, 0xEF, 0xBB, 0xBF].contains($0) }) else { return true }
        return [UInt8(ascii: "{"), UInt8(ascii: "[")].contains(first)
            && ["jsonrpc", "result", "error"].contains { line.contains(Array("\"\($0)\"".utf8)) }
    }

    private func finish(_ end: ChildProcess.End) {
        let rest = splitter.withLock { splitter in
            var lines: [LineSplitter.Line] = []
            splitter.end { lines.append($0) }
            return lines
        }
        if case .unfinished(let bytes)? = rest.first { receiveLast(bytes) }
        // The last line alone is often meaningless: an interpreter's version, the end of a stack trace.
        let said = secrets.hidden(in: String(decoding: end.errorOutput, as: UTF8.self))
            .split(whereSeparator: \.isNewline).map(\.trimmed).filter { !$0.isEmpty }
        let last = said.suffix(Self.maxLastWords).joined(separator: " / ").suffix(Self.lastWordsLength)
        let how = isMute.withLock { $0 } ? "it closed its standard output, and was ended" : "\(end.status)"
        let description = last.isEmpty ? how : "\(how); it last said: \(last)"
        calls.close(.ended(description))
        incoming.close()
        outbox.close()
        let observers = ending.withLock { ending -> [@Sendable (String) -> Void] in
            guard case .none(let observers) = ending else { return [] }
            ending = .ended(description)
            return observers
        }
        hasEnded.complete()
        observers.forEach { $0(description) }
    }

    /// How much of a server's standard error a message quotes: the number of lines, and of characters.
    private static let maxLastWords = 3
    private static let lastWordsLength = 400
}
