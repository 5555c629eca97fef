import JSON
import OpenAI
import Threading

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A model behind an API like OpenAI's, local or far.
final class Endpoint: ChatModel {
    /// Waits for so many seconds, or less where the task is cancelled.
    typealias Wait = @Sendable (Double) async throws -> Void

    /// What an endpoint has turned out not to take. It is left out from then on.
    private struct Learned {
        var refusesStreamOptions = false
        /// Models that take no pictures.
        var blindModels: Set<String> = []

        mutating func addBlind(_ model: String) {
            // The names may be those that clients of a service think of.
            if blindModels.count >= Endpoint.mostBlindModels { blindModels = [] }
            blindModels.insert(model)
        }
    }

    /// Bytes of an error's body that are looked at.
    static let largestRefusal = 64 << 10
    /// Models of which it is remembered that they take no pictures; beyond it, all are asked anew.
    static let mostBlindModels = 1000

    private let options: EndpointOptions
    private let transport: any Transport
    private let wait: Wait
    private let learned = Locked(Learned())

    /// - Throws: ``ModelError`` where the address or the key cannot be used.
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
        var hidesPictures = false
        while true {
            let form = form(of: request, hidesPictures: hidesPictures)
            do {
                return try await attempt(form, model: request.model, onEvent)
            } catch let failure as FailedAttempt {
                try Task.checkCancellation()
                if let refusal = failure.refusal, learn(from: refusal, form, model: request.model) {
                    hidesPictures = hidesPictures || refusal.refusedPictures != nil
                    continue
                }
                failures += 1
                guard failure.mayPass, failures <= options.retries else {
                    throw failure.mayPass && failures > 1 ? failure.error.after(failures) : failure.error
                }
                let seconds = RetryDelay.seconds(
                    failures: failures, wish: failure.refusal?.head?.retryAfter, now: Double(time(nil)),
                    random: .random(in: 0...1))
                await onEvent(.retrying(reason: failure.reason, seconds: seconds))
                try await wait(seconds)
            }
        }
    }

    // MARK: - What is sent

    /// How a request is written.
    private struct Form {
        let body: [UInt8]
        let hasStreamOptions: Bool
        let hasPictures: Bool
    }

    private func form(of request: ChatRequest, hidesPictures: Bool) -> Form {
        let (isBlind, hasOptions) = learned.withLock {
            ($0.blindModels.contains(request.model), !$0.refusesStreamOptions)
        }
        var request = request
        let hasPictures = !hidesPictures && !isBlind && request.messages.contains(where: \.hasPictures)
        if !hasPictures { request.messages = request.messages.map(\.withoutPictures) }
        return Form(
            body: request.streamingBody(includesUsage: hasOptions).serialized(), hasStreamOptions: hasOptions,
            hasPictures: hasPictures)
    }

    /// - Returns: whether the request is to be sent again at once, without what was refused.
    private func learn(from refusal: Refusal, _ form: Form, model: String) -> Bool {
        if refusal.isOfStreamOptions, form.hasStreamOptions {
            learned.withLock { $0.refusesStreamOptions = true }
            return true
        }
        if let refused = refusal.refusedPictures, form.hasPictures {
            if refused == .all { learned.withLock { $0.addBlind(model) } }
            return true
        }
        return false
    }

    // MARK: - One attempt

    /// An attempt that gave no answer.
    private struct FailedAttempt: Error {
        let error: ModelError
        /// Whether the same request may succeed later, and can be sent again: nothing of an answer has come.
        var mayPass = false
        /// Why, in few words.
        var reason = ""
        var refusal: Refusal?
    }

    private func attempt(
        _ form: Form, model: String, _ onEvent: @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion {
        var head: ResponseHead?
        var reader = AnswerReader(limits: options.limits)
        var refused: [UInt8] = []
        do {
            let events = transport.post(form.body)
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
                    if reader.isDone {
                        // Nobody waits for the end behind the end. The connection is of use again once it is read.
                        Task { for try await _ in events {} }
                        break reading
                    }
                }
            }
            // A cancelled task gets the end of the stream.
            try Task.checkCancellation()
            guard let head else { throw TransportError.lost }
            guard 200...299 ~= head.status else { throw failure(Refusal(head, body: refused), model) }
            let (text, answer) = try reader.finish()
            if !text.isEmpty { await onEvent(.text(text)) }
            return answer
        } catch let error as TransportError {
            throw failure(error, hasBegun: reader.hasBegun)
        } catch let error as AnswerReader.Failure {
            throw failure(error, hasBegun: reader.hasBegun, model)
        }
    }

    private func failure(_ refusal: Refusal, hasBegun: Bool = false, _ model: String) -> FailedAttempt {
        FailedAttempt(
            error: refusal.modelError(host: transport.host, model: model, key: options.key),
            mayPass: refusal.mayPass && !hasBegun, reason: refusal.reason, refusal: hasBegun ? nil : refusal)
    }

    private func failure(_ error: AnswerReader.Failure, hasBegun: Bool, _ model: String) -> FailedAttempt {
        switch error {
        case .said(let said): failure(Refusal(said), hasBegun: hasBegun, model)
        case .unusable(.lost): failure(.lost, hasBegun: hasBegun)
        case .page:
            FailedAttempt(
                error: ModelError(
                    kind: .malformed,
                    message:
                        "\(transport.host) answers with a web page: check OPENAI_BASE_URL, which most often ends in /v1."
                ))
        case .unusable(.malformed(let problem)):
            FailedAttempt(
                error: ModelError(
                    kind: .malformed,
                    message:
                        "What \(transport.host) sends is no answer of a chat completions API: check OPENAI_BASE_URL."
                        + " \(problem)"))
        case .unusable(.tooLarge(let limit)): failure(tooLarge: limit)
        }
    }

    private func failure(tooLarge limit: String) -> FailedAttempt {
        FailedAttempt(
            error: ModelError(
                kind: .malformed, message: "The answer of \(transport.host) is too large: \(limit). It was given up."))
    }

    private func failure(_ error: TransportError, hasBegun: Bool) -> FailedAttempt {
        let host = transport.host
        func make(_ kind: ModelError.Kind, _ message: String, reason: String = "") -> FailedAttempt {
            FailedAttempt(
                error: ModelError(kind: kind, message: message), mayPass: !reason.isEmpty && !hasBegun, reason: reason)
        }
        switch error {
        case .unknownHost:
            return make(
                .unreachable, "There is no host \(host): check OPENAI_BASE_URL and this machine's network (DNS).")
        case .refused:
            return make(
                .unreachable, "\(host) takes no connection: is the server running, and is OPENAI_BASE_URL right?",
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
        case .lost where hasBegun:
            return make(.unreachable, "The connection to \(host) was lost in the middle of the answer: ask again.")
        case .lost:
            return make(
                .unreachable, "The connection to \(host) was lost before an answer came: try again later.",
                reason: "the connection was lost")
        case .silent:
            return make(
                .silent, "Nothing came from \(host) for \(Int(options.idleTimeout)) seconds: the request was given up.")
        case .insecure(let reason):
            return make(
                .unreachable,
                "There is no trustworthy TLS connection to \(host) (\(reason)): check OPENAI_BASE_URL (http or https?) and"
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

extension ChatMessage {
    fileprivate var hasPictures: Bool {
        content.contains { if case .imageURL = $0 { true } else { false } }
    }

    /// The message with words in the place of its pictures.
    fileprivate var withoutPictures: ChatMessage {
        guard hasPictures else { return self }
        var message = self
        message.content = content.map { part in
            if case .imageURL = part { .text("[picture left out: the model's API does not take it]") } else { part }
        }
        return message
    }
}
