import JSON
import OpenAI

/// Interprets an endpoint's error response. Servers agree on little but the status, so their wording counts as well.
struct UpstreamError: Equatable {
    /// HTTP status; for an error in the middle of an answer, the status that its code or type stands for. 0 for none.
    let status: Int
    /// The server's error; `nil` if the body contains none.
    let error: APIError?
    /// Whether the body is a web page.
    let isPage: Bool
    let head: UpstreamResponseHead?

    /// Parses the response to a failed request.
    init(_ head: UpstreamResponseHead, body: [UInt8]) {
        self.head = head
        status = head.status
        let said = (try? JSON.parseModelText(body)).flatMap { APIError(parsing: $0) }
        isPage = said == nil && body.first { $0 > 0x20 } == UInt8(ascii: "<")
        // Some servers respond in plain text.
        error = said ?? (isPage || body.isEmpty ? nil : APIError(message: String(decoding: body, as: UTF8.self)))
    }

    /// Wraps an error that arrived in place of the answer.
    init(_ error: APIError) {
        self.error = error
        isPage = false
        head = nil
        let isLimit = error.code == "rate_limit_exceeded" || error.type == "rate_limit_error"
        let isFailure = ["server_error", "overloaded_error"].contains { $0 == error.code || $0 == error.type }
        // Other numbers are the provider's own.
        let code = error.code.flatMap { Int($0) }.flatMap { 300...599 ~= $0 ? $0 : nil }
        status = code ?? (isLimit ? 429 : isFailure ? 503 : 0)
    }

    /// Whether the error contains any of these phrases, which must be in lower case.
    func mentions(_ wordings: [String]) -> Bool {
        let texts = [error?.code, error?.type, error?.param, error?.message].compactMap { $0?.lowercased() }
        return texts.contains { text in wordings.contains { text.contains($0) } }
    }

    /// Types of errors that aren't the request's fault.
    private static let passingTypes: Set<String> = [
        "error", "api_error", "server_error", "internal_server_error", "internal_error", "internalservererror",
        "upstream_error", "provider_error", "timeout", "timeout_error", "service_unavailable",
    ]

    /// Whether an error in place of an answer says nothing about its cause: most often, a provider failed.
    private var isUnclassified: Bool {
        status == 0 && head == nil && error?.code == nil && error?.param == nil
            && (error?.type.map { Self.passingTypes.contains($0.lowercased()) } ?? true)
            && !mentions([
                "invalid", "unsupported", "not supported", "not found", "does not exist", "unauthorized", "denied",
            ])
    }

    /// Whether the same request may succeed later.
    var mayPass: Bool {
        (isUnclassified || [408, 429, 500, 502, 503, 504, 529].contains(status)) && !isOutOfQuota && !isTooLong
            && !isOfTemplate
    }

    /// Whether the model's chat template could not be rendered: the same request would fail again.
    var isOfTemplate: Bool {
        mentions(["jinja", "chat template", "chat_template", "parser for this template", "unhashable"])
    }

    /// Whether the server is still loading its model, which takes minutes for a large one.
    var isOfLoading: Bool {
        status == 503 && mentions(["loading", "not ready", "not loaded yet", "starting up"])
    }

    /// Whether the account's quota is used up, so waiting doesn't help.
    var isOutOfQuota: Bool {
        status == 402
            || (status == 429 || status == 403 || status == 0)
                && mentions([
                    "insufficient_quota", "exceeded your current quota", "insufficient balance", "insufficient credit",
                    "credit balance", "billing",
                ])
    }

    /// Whether the conversation exceeds the model's context.
    var isTooLong: Bool {
        // Waiting doesn't help a request that exceeds the limit per minute by itself.
        [0, 400, 413, 422, 500].contains(status)
            && (status == 413
                || mentions([
                    "context_length", "context length", "context window", "context size", "maximum context",
                    "too many tokens", "prompt is too long", "input is too long", "reduce the length",
                    "input token count", "maximum number of tokens", "context limit", "maximum prompt length",
                    "maximum model length", "prompt exceeds max length", "range of input length", "token limit",
                    "inputs must have less than", "max_new_tokens", "prompt is longer", "max message tokens",
                    "more than max tokens", "prompt too long", "input too long", "too long for",
                    "must be at least 1, got -",
                    "tokens_limit_reached", "context_window", "the context is full", "超长", "输入长度超",
                    "max input characters", "].content': string too long", "exceeds the context", "exceed the context",
                ]))
            || status == 429 && mentions(["request too large"])
    }

    /// Whether the model doesn't exist.
    var isUnknownModel: Bool {
        mentions(["model_not_found"])
            || [400, 404].contains(status) && mentions(["model"])
                && mentions([
                    "not found", "not exist", "unknown model", "invalid model", "no such model", "not a valid model",
                ])
    }

    /// Whether the server doesn't support usage at the end of a stream.
    var isOfStreamOptions: Bool {
        [400, 422].contains(status)
            && (error?.param?.hasPrefix("stream_options") == true || mentions(["stream_options"]))
    }

    /// Which pictures are rejected.
    enum RefusedPictures: Equatable {
        /// At least one of this request's pictures is invalid.
        case these
        /// The model accepts no pictures at all.
        case all
    }

    /// How text-only servers reject an array of parts.
    private static let wantsText = ["valid string", "must be string", "must be a str", "of type string"]

    /// Which pictures the error is about; `nil` if it is about something else.
    var refusedPictures: RefusedPictures? {
        guard [400, 404, 413, 415, 422, 500, 501].contains(status),
            mentions(["image", "multimodal", "vision", "must be a string", "expected a string", "unknown variant"])
                || mentions(["content"]) && mentions(Self.wantsText)
        else { return nil }
        if mentions(["format", "parse", "decode", "invalid image", "invalid_image", "too large", "exceed", "download"])
        {
            return .these
        }
        return mentions([
            "support", "multimodal", "must be a string", "expected a string", "unknown variant", "vision",
            "invalid content type", "not allowed", "does not accept",
        ]) || mentions(Self.wantsText) ? .all : .these
    }
}

// MARK: - Unexplained errors

extension UpstreamError {
    /// Messages that don't say what is wrong.
    private static let emptyWords: Set<String> = [
        "", "internal server error", "internal error", "server error", "error", "unknown error", "something went wrong",
    ]

    /// Whether pictures may be the cause although the error doesn't say so in known words.
    ///
    /// - Parameter failures: how often the request failed before: a server error may be temporary.
    func mayBeOfPictures(afterFailures failures: Int) -> Bool {
        guard !isOutOfQuota, !isTooLong, !isUnknownModel else { return false }
        switch status {
        case 400, 422: return true
        case 500:
            let said = error?.message.lowercased().split { !$0.isLetter }.joined(separator: " ") ?? ""
            return failures > 1 && (isPage || Self.emptyWords.contains(said))
        default: return false
        }
    }
}

// MARK: - Error for the user

extension UpstreamError {
    /// Maximum length of the server's message quoted in an error, in characters.
    private static let maxQuoteLength = 300

    /// Returns the error for the user.
    ///
    /// - Parameter host: the host that was asked.
    func modelError(host: String, model: String, key: String?) -> ModelError {
        let words = quote(hiding: key)
        func make(_ kind: ModelError.Kind, _ text: String) -> ModelError {
            ModelError(
                kind: kind, message: text, status: status == 0 ? nil : status,
                isOfAnswerForm: isOfAnswerForm)
        }
        if let location = redirection {
            return make(
                .refused, "\(host) sends requests on to \(location): if that is right, set OPENAI_BASE_URL to it.")
        }
        if isOutOfQuota {
            return make(
                .refused, "\(host) refuses: the account's quota is used up. Add to it, or use another key.\(words)")
        }
        if isTooLong {
            return make(
                .contextTooLong,
                "With the agent's instructions and tools, the conversation is longer than the model \(model) accepts: begin a"
                    + " new one, give the model a longer context, or use another.\(words)")
        }
        if isUnknownModel {
            return make(
                .notFound, "\(host) has no model \(model): set DEFAULT_MODEL or --model to one that it has.\(words)")
        }
        switch status {
        case 401: return make(.unauthorized, unauthorized(host, key))
        case 403: return make(.unauthorized, "\(host) does not let this key use the model \(model).\(words)")
        case 404, 405:
            return make(
                .notFound,
                "\(host) has no chat completions at this address: check OPENAI_BASE_URL, which most often ends in"
                    + " /v1.\(words)")
        case 429: return make(.rateLimited, "\(host) has had too many requests: try again later.\(words)")
        case 408, 500...: return make(.unavailable, "\(host) fails\(statusText): try again later.\(words)")
        default: return make(.refused, "\(host) refuses the request\(statusText).\(words)")
        }
    }

    /// A short reason for the retry.
    var reason: String {
        switch status {
        case 429: "too many requests (HTTP 429)"
        case _ where isOfLoading: "the model is being loaded"
        default: "the endpoint fails\(statusText)"
        }
    }

    private var statusText: String { status == 0 ? "" : " (HTTP \(status))" }

    /// Omits the server's message, because it may repeat the key.
    private func unauthorized(_ host: String, _ key: String?) -> String {
        key?.isEmpty == false
            ? "\(host) refuses the key: set OPENAI_API_KEY to one that it accepts."
            : "\(host) requires a key: set OPENAI_API_KEY."
    }

    /// The target of a redirection, without its query.
    private var redirection: String? {
        guard 300...399 ~= status else { return nil }
        let place = head?.location?.prefix { $0 != "?" && $0 != "#" } ?? ""
        let text = Self.oneLine(String(place), limit: 200)
        return text.isEmpty ? "another address" : text
    }

    /// The server's own message, shortened and sanitized.
    var words: String { Self.oneLine(error?.message ?? "", limit: Self.maxQuoteLength) }

    private func quote(hiding key: String?) -> String {
        if isPage { return " It answered with a web page." }
        guard let error, !error.message.isEmpty else { return "" }
        var text = error.message
        // Some servers repeat the key, in full or masked with asterisks. It is removed before truncation.
        if let key, key.utf8.count >= 8 { text = text.replacing(key, with: "[key]") }
        text = text.split(separator: " ").map { $0.contains("**") ? "[key]" : String($0) }.joined(separator: " ")
        return " It says: \"\(Self.oneLine(text, limit: Self.maxQuoteLength))\"."
    }

    /// Returns a text on one line, without control characters that a terminal would interpret.
    private static func oneLine(_ text: String, limit: Int) -> String {
        let shown = text.unicodeScalars.map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: " "
            default: Character(scalar)
            }
        }
        guard shown.count > limit else { return String(shown).split(separator: " ").joined(separator: " ") }
        // The cause may be at the end, after everything that led to it.
        let parts = [shown.prefix(limit / 2), shown.suffix(limit - limit / 2)]
        return parts.map { String($0).split(separator: " ").joined(separator: " ") }.joined(separator: " … ")
    }
}
