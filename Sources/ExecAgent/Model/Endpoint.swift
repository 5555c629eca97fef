import JSON
import OpenAI
import SystemCalls
import Threading

/// A model behind an OpenAI-compatible API, local or remote.
final class Endpoint: ChatModel {
    /// Waits this number of seconds, or less if the task is cancelled.
    typealias Wait = @Sendable (Double) async throws -> Void

    /// Maximum size of an error body to read, in bytes.
    static let largestRefusal = 64 << 10
    /// Maximum number of models whose rules are remembered. Beyond it all are forgotten and learned again: the names
    /// may be made up by clients of a service.
    static let maxModels = 1000
    /// Maximum number of times one request is rewritten, so an endpoint that rejects every form isn't retried
    /// endlessly.
    static let maxLessons = 40
    /// Size of an answer, in bytes, beyond which its memory is returned to the system.
    private static let largeAnswer = 4 << 20

    static let picturesNotice =
        "the model's API accepts the request only without its pictures, which are described in words from now on"

    private let options: EndpointOptions
    private let transport: any Transport
    private let wait: Wait
    private let rules = Locked<[String: EndpointRules]>([:])

    /// - Throws: ``ModelError`` if the address or the key is unusable.
    convenience init(_ options: EndpointOptions) throws(ModelError) {
        self.init(options, transport: try SystemTransport(options)) { try await Task.sleep(for: .seconds($0)) }
    }

    init(_ options: EndpointOptions, transport: any Transport, wait: @escaping Wait) {
        self.options = options
        self.transport = transport
        self.wait = wait
    }

    func complete(
        _ request: ChatRequest, onEvent: @escaping @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion {
        var failures = 0
        var lessons = 0
        var waited = 0.0
        var hidesPictures = false
        // An unexplained failure, while testing what caused it.
        var unexplained: AttemptError?
        var trial: RefusalTrial?
        var hasTried = false
        while true {
            let known = rules(of: request.model)
            let form = RequestForm(
                request, trial?.rules(from: known) ?? known,
                hidesPictures: hidesPictures || trial?.hidesPictures == true)
            do {
                let answer = try await attempt(form, request, onEvent)
                if let trial {
                    change(request.model) { trial.adopt(&$0) }
                    if let notice = trial.notice { await onEvent(.notice(notice)) }
                }
                return answer
            } catch var failure as AttemptError {
                try Task.checkCancellation()
                if let refusal = failure.refusal, lessons < Self.maxLessons,
                    let lesson = learn(from: refusal, form, model: request.model)
                {
                    lessons += 1
                    hidesPictures = hidesPictures || lesson.hidesPictures
                    if let notice = lesson.notice { await onEvent(.notice(notice)) }
                    continue
                }
                if let first = unexplained, let tried = trial {
                    // While the endpoint itself fails, nothing is found out: the same step is repeated later.
                    if failure.hasStarted || first.mayPass || !failure.mayPass {
                        let isForm = failure.refusal.map { [400, 422].contains($0.status) } ?? false
                        if isForm, let next = change(request.model, { tried.next(&$0) }) {
                            trial = next
                            continue
                        }
                        // Nothing helped: report the original failure, unless part of an answer was already emitted.
                        if !failure.hasStarted { failure = first }
                        (unexplained, trial) = (nil, nil)
                    }
                } else if !hasTried, let refusal = failure.refusal, lessons < Self.maxLessons,
                    let first = RefusalTrial(refusal, of: form, request, known, afterFailures: failures)
                {
                    hasTried = true
                    (unexplained, trial) = (failure, first)
                    continue
                }
                failures += 1
                guard failure.mayPass, failures <= options.retries else {
                    failure = unexplained ?? failure
                    let error = failure.mayPass && failures > 1 ? failure.error.after(failures) : failure.error
                    throw withAdvice(error)
                }
                let seconds = RetryDelay.seconds(
                    failures: failures, wish: failure.refusal?.head?.retryAfter, now: Double(time(nil)),
                    random: .random(in: 0...1))
                await onEvent(.retrying(reason: failure.reason, seconds: seconds))
                try await wait(seconds)
                waited += seconds
                // While a server is still loading its model, the retries aren't used up.
                if failure.refusal?.isOfLoading == true, waited < options.idleTimeout {
                    failures = min(failures, options.retries - 1)
                }
            }
        }
    }

    private func rules(of model: String) -> EndpointRules {
        rules.withLock { $0[model] ?? EndpointRules() }
    }

    private func learn(from refusal: UpstreamError, _ form: RequestForm, model: String) -> EndpointRules.Lesson? {
        change(model) { $0.learn(from: refusal, of: form) }
    }

    @discardableResult
    private func change<Result: Sendable>(
        _ model: String, _ body: @Sendable (inout EndpointRules) -> Result
    ) -> Result {
        rules.withLock { rules in
            var own = rules[model] ?? EndpointRules()
            let before = own
            let result = body(&own)
            guard own != before else { return result }
            if rules.count >= Self.maxModels, rules[model] == nil { rules = [:] }
            rules[model] = own
            return result
        }
    }

    // MARK: - One attempt

    /// An attempt without an answer.
    private struct AttemptError: Error {
        let error: ModelError
        /// Whether the same request may succeed later and can be retried, because no part of an answer has arrived.
        var mayPass = false
        /// A short reason.
        var reason = ""
        var refusal: UpstreamError?
        /// Whether part of an answer was emitted.
        var hasStarted = false

        func markingStarted(_ hasStarted: Bool) -> AttemptError {
            var failure = self
            failure.hasStarted = hasStarted
            return failure
        }
    }

    private func attempt(
        _ form: RequestForm, _ request: ChatRequest, _ onEvent: @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion {
        let model = request.model
        var head: UpstreamResponseHead?
        var reader = AnswerReader(
            limits: options.limits, tools: request.tools, hasToolChannel: rules(of: model).hasToolChannel,
            readTexts: ReadTexts(request.messages))
        var refused: [UInt8] = []
        defer { if reader.byteCount > Self.largeAnswer { Memory.returnToSystem() } }
        do {
            let events = transport.post(form.body.serialized())
            reading: for try await event in events {
                switch event {
                case .head(let received): head = received
                case .bytes(let bytes):
                    guard head.map({ 200...299 ~= $0.status }) == true else {
                        refused += bytes.prefix(Self.largestRefusal - refused.count)
                        if refused.count == Self.largestRefusal { break reading }
                        continue
                    }
                    let text = try reader.feed(bytes)
                    if !text.isEmpty { await onEvent(.text(text)) }
                    if let failure = reader.failure { throw failure }
                    if reader.isDone {
                        // Drains the rest of the stream in the background, because the connection can be reused only
                        // then.
                        Task { for try await _ in events {} }
                        break reading
                    }
                }
            }
            // In a cancelled task, the stream just ends.
            try Task.checkCancellation()
            guard let head else { throw TransportError.lost }
            guard 200...299 ~= head.status else { throw failure(UpstreamError(head, body: refused), model) }
            let (text, answer) = try reader.finish()
            if !answer.message.toolCalls.isEmpty, !answer.hasWrittenCalls { change(model) { $0.deliversCalls = true } }
            if !text.isEmpty { await onEvent(.text(text)) }
            return answer
        } catch let error as TransportError {
            throw failure(error, hasStarted: reader.hasEmitted).markingStarted(reader.hasEmitted)
        } catch let error as AnswerReader.ContentError {
            throw failure(error, hasStarted: reader.hasEmitted, model).markingStarted(reader.hasEmitted)
        }
    }

    private func failure(_ refusal: UpstreamError, hasStarted: Bool = false, _ model: String) -> AttemptError {
        AttemptError(
            error: refusal.modelError(host: transport.host, model: model, key: options.key),
            mayPass: refusal.mayPass && !hasStarted, reason: refusal.reason, refusal: hasStarted ? nil : refusal)
    }

    private func failure(_ error: AnswerReader.ContentError, hasStarted: Bool, _ model: String) -> AttemptError {
        switch error {
        case .said(let said): failure(UpstreamError(said), hasStarted: hasStarted, model)
        case .unusable(.lost): failure(.lost, hasStarted: hasStarted)
        case .unusable(.failed(let word)):
            AttemptError(
                error: ModelError(
                    kind: .unavailable,
                    message: "The answer of \(transport.host) broke off: the model's provider failed"
                        + " (\(String(word.prefix(100)).debugDescription)). Ask again."),
                mayPass: !hasStarted, reason: "the model's provider failed")
        case .page:
            AttemptError(
                error: ModelError(
                    kind: .malformed,
                    message:
                        "\(transport.host) answers with a web page: check OPENAI_BASE_URL, which most often ends in /v1."
                ))
        case .unusable(.malformed(let problem)):
            AttemptError(
                error: ModelError(
                    kind: .malformed,
                    message:
                        "What \(transport.host) sends is not a chat completions response: check OPENAI_BASE_URL."
                        + " \(problem)"))
        case .unusable(.tooLarge(let limit)): failure(tooLarge: limit)
        }
    }

    private func failure(tooLarge limit: String) -> AttemptError {
        AttemptError(
            error: ModelError(
                kind: .malformed,
                message: "The answer of \(transport.host) is too large: \(limit). The request was stopped."))
    }

    /// Adds advice about the proxy, if a host on the local network returned an error that may be the proxy's.
    private func withAdvice(_ error: ModelError) -> ModelError {
        guard let proxy = options.proxy, proxy.isNear, !error.message.contains(proxy.variable) else { return error }
        let status = error.status ?? 502
        let kinds: [ModelError.Kind] = [.unreachable, .unavailable, .malformed, .notFound, .unauthorized]
        // Only proxies send 407.
        guard status == 407 || (kinds.contains(error.kind) && [403, 404, 405, 500, 502, 503, 504].contains(status))
        else {
            return error
        }
        return ModelError(kind: error.kind, message: "\(error.message) \(proxy.advice)", status: error.status)
    }

    private func failure(_ error: TransportError, hasStarted: Bool) -> AttemptError {
        let host = transport.host
        func make(_ kind: ModelError.Kind, _ message: String, reason: String = "") -> AttemptError {
            AttemptError(
                error: ModelError(kind: kind, message: message), mayPass: !reason.isEmpty && !hasStarted, reason: reason
            )
        }
        let passes = "The proxy on the way to \(host) fails"
        let reason = "the proxy failed (\(options.proxy?.variable ?? ""), \(options.proxy?.address ?? ""))"
        switch error {
        // With a proxy configured, it is the proxy that refuses the connection.
        case .refused where options.proxy != nil:
            return make(
                .unreachable, "\(passes): it does not accept connections. \(options.proxy?.advice ?? "")",
                reason: reason)
        case .unconnected(let seconds) where options.proxy != nil:
            return make(
                .unreachable,
                "\(passes): there was no connection within \(seconds) seconds. \(options.proxy?.advice ?? "")")
        case .proxy(let problem, let mayPass) where options.proxy != nil:
            return make(
                .unreachable, "\(passes) (\(problem)). \(options.proxy?.advice ?? "")",
                reason: mayPass ? reason : "")
        case .unknownHost:
            return make(
                .unreachable, "Unknown host \(host): check OPENAI_BASE_URL and this machine's network (DNS).")
        case .refused:
            return make(
                .unreachable,
                "\(host) does not accept connections: is the server running, and is OPENAI_BASE_URL right?",
                reason: "the connection was refused")
        case .unconnected(let seconds):
            return make(
                .unreachable,
                "There was no connection to \(host) within \(seconds) seconds: check OPENAI_BASE_URL, and this machine's"
                    + " network, firewall and proxy (http_proxy, https_proxy).")
        case .proxy(let problem, let mayPass):
            return make(
                .unreachable,
                "The proxy on the way to \(host) fails (\(problem)): check http_proxy and https_proxy, or name \(host) in"
                    + " no_proxy.", reason: mayPass ? "the proxy failed" : "")
        case .lost where hasStarted:
            return make(.unreachable, "The connection to \(host) was lost in the middle of the answer: ask again.")
        case .lost:
            return make(
                .unreachable, "The connection to \(host) was lost before an answer came: try again later.",
                reason: "the connection was lost")
        case .silent:
            return make(
                .silent, "Nothing came from \(host) for \(Int(options.idleTimeout)) seconds: the request was stopped.")
        case .insecure(let reason):
            return make(
                .unreachable,
                "No trusted TLS connection to \(host) (\(reason)): check OPENAI_BASE_URL (http or https?) and"
                    + " this machine's certificates; SSL_CERT_FILE names the file of others to trust.")
        case .tooLarge(let limit): return failure(tooLarge: "more than \(limit) bytes")
        case .other(let reason):
            return make(.malformed, "\(host) cannot be asked (\(reason)): check OPENAI_BASE_URL.")
        }
    }
}

extension ModelError {
    fileprivate func after(_ attempts: Int) -> ModelError {
        ModelError(kind: kind, message: "\(message) It was asked \(attempts) times.", status: status)
    }
}
