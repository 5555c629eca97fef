import ChildProcess
import JSON
import JSONRPC
import SystemCalls
import Threading

/// A server's process and the JSON-RPC with it: requests and their answers, whatever the server sends. What the methods
/// mean is not known here.
///
/// All that the server writes is read by one thread of the child's, which also reaps it.
final class Connection: Sendable {
    /// What a request is made with besides its method and parameters.
    struct Call: Sendable {
        /// Seconds for the answer; `nil` for as long as it takes.
        var timeLimit: Double?
        /// Whether the server is told when the request is given up. `initialize` must not be cancelled (2025-11-25,
        /// basic/utilities/cancellation).
        var isCancellable = true
        /// Hears what the server says of its progress; `nil` asks for none.
        var onProgress: (@Sendable (String) -> Void)?
    }

    private enum Ending {
        case none(observers: [@Sendable (String) -> Void])
        case ended(String)
    }

    /// Seconds in the life of a timer that is as good as none.
    private static let longestTimer = 1e9
    /// Seconds that a server which has closed its standard output may take to end by itself.
    private static let lastSeconds = 2.0
    /// Remarks about one server: it decides what they say, and must not fill the log.
    private static let maxRemarks = 50
    private static let cancelled = "notifications/cancelled"
    /// Characters of one message about progress.
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
    /// Whether it was ended because it had closed its standard output.
    private let isMute = Locked(false)

    /// Starts `program` and reads from it.
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
                // One that does not listen cannot be worked with, be it alive. Its end then fails what waits.
                Task { await child.terminate(hasEnded, withinSeconds: limits.closingSeconds) }
            }
            // A server whose program is gone is gone, whoever holds its pipes.
            try child.read(
                endsWithProgram: true, onOutput: { [self] in read($0) }, onErrorOutput: { errorLines.feed($0) },
                onOutputEnd: { [self] in Task { await endMute() } },
                onEnd: { [self] in finish($0) })
        } catch {
            throw .cannotStart(error.description)
        }
    }

    /// Makes a request and waits for the answer.
    ///
    /// - Returns: the result or the error that the server answers with.
    /// - Throws: ``MCPClientError`` where there is no answer.
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
            // Nothing else is ever handed over.
            throw error as? MCPClientError ?? .cancelled
        }
    }

    /// Sends a notification. One that cannot be sent is lost.
    func notify(_ method: String, _ params: JSONObject = JSONObject()) {
        _ = outbox.add(Notification(method: method, params: params).json)
    }

    /// From now on requests of the server get no answer: a modern client must write no responses (2026-07-28,
    /// basic/transports/stdio).
    func stopAnsweringRequests() {
        answersRequests.withLock { $0 = false }
    }

    /// Says once that the server does what it ought not to.
    func remark(_ text: String) {
        let text = secrets.hidden(in: text)
        let isNew = remarks.withLock { $0.count < Self.maxRemarks && $0.insert(text).inserted }
        if isNew { handlers.onRemark(text) }
    }

    /// Calls `observer` when the server has ended, with how; at once where it has.
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

    /// Begins to end the server: its input is closed, and where that does not end it, signals do (2026-07-28,
    /// basic/transports/stdio).
    ///
    /// - Returns: the task that is done when the server has ended; the same for every call.
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

    /// Ends a server that has closed its standard output and does not end by itself: it can answer nothing any more.
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

// What comes from the server, on the thread that reads.
extension Connection {
    private func parse(_ bytes: [UInt8], anyVersion: Bool = false) -> IncomingMessage {
        IncomingMessage.parse(bytes, valueLimit: limits.lineValues, anyVersion: anyVersion)
    }

    /// What a line says, and the line; mended where only then there is a message in it.
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

    /// Takes what a server that has ended wrote behind its last line end: it counts where it is a whole message.
    private func receiveLast(_ bytes: [UInt8]) {
        let (message, line) = legible(bytes)
        if case .invalid = message, !receiveOdd(line) { return }
        receive(message, line)
    }

    /// Fails the call that a line with this id was the answer to. Where that is not known, all of them: nobody shall wait in
    /// vain.
    private func fail(_ id: RequestID?, _ error: MCPClientError) {
        if let number = id?.number, calls.finish(number, .failure(error)) { return }
        calls.failAll(error)
    }

    /// - Parameter line: the line that is the message; empty for one in an array.
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

    /// Takes a line that is no message as it stands and yet has one: without its version, or behind and before other text.
    ///
    /// - Returns: whether there was one.
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
            // What a log quotes may be a message of somebody else: only what is meant for us counts.
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
            // Nobody waits for the answer to a request that was given up; both sides may have spoken at once.
            _ = calls.finish(number, reply)
        case let id?:
            guard let number = id.number, calls.finish(number, reply) else { fallthrough }
            remark("it answers with ids of another kind than it was asked with")
        case nil:
            // Who cannot read a request cannot say which one it was.
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
        // A message, but a broken one, like text that is no Unicode: whoever waits for it would wait in vain. The id of one
        // with a method is not an id of ours.
        if case .failure(let error) = response.outcome, isLikeMessage(line) {
            let id = line.contains(Array("\"method\"".utf8)) ? nil : response.id
            if let number = id?.number, calls.finish(number, .failure(.malformed(error.message))) { return }
            if line.contains(Array("\"jsonrpc\"".utf8)) { return calls.failAll(.malformed(error.message)) }
        }
        remark("it writes to its standard output what is no message")
    }

    /// Whether a line is a message, if a broken one. The text of a log that quotes one is none, and an object in a log has
    /// members of its own.
    private func isLikeMessage(_ line: [UInt8]) -> Bool {
        // Of a message in an array nothing more is known.
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
        // The last line alone often says nothing: the version of an interpreter, the end of a trace.
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

    /// Lines of a server's standard error, and characters of them, that go into a message.
    private static let maxLastWords = 3
    private static let lastWordsLength = 400
}
