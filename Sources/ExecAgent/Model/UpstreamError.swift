import JSON
import OpenAI

/// What an endpoint's refusal means. Servers agree on little but the status, so that their words count as well.
struct UpstreamError: Equatable {
    /// HTTP status; that of the error itself where it came in the middle of an answer. 0 for none.
    let status: Int
    /// What the server says; `nil` where it says nothing of this API.
    let error: APIError?
    /// Whether the body is a web page.
    let isPage: Bool
    let head: ResponseHead?

    /// Reads the answer of a request that failed.
    init(_ head: ResponseHead, body: [UInt8]) {
        self.head = head
        status = head.status
        let said = (try? JSON.parseModelText(body)).flatMap { APIError(parsing: $0) }
        isPage = said == nil && body.first { $0 > 0x20 } == UInt8(ascii: "<")
        // Some answer in plain words.
        error = said ?? (isPage || body.isEmpty ? nil : APIError(message: String(decoding: body, as: UTF8.self)))
    }

    /// An error that came where the answer should have.
    init(_ error: APIError) {
        self.error = error
        isPage = false
        head = nil
        let isLimit = error.code == "rate_limit_exceeded" || error.type == "rate_limit_error"
        let isFailure = ["server_error", "overloaded_error"].contains { $0 == error.code || $0 == error.type }
        status = error.code.flatMap { Int($0) } ?? (isLimit ? 429 : isFailure ? 503 : 0)
    }

    /// Whether it has any of these words, which are in lower case.
    func says(_ wordings: [String]) -> Bool {
        let texts = [error?.code, error?.type, error?.param, error?.message].compactMap { $0?.lowercased() }
        return texts.contains { text in wordings.contains { text.contains($0) } }
    }

    /// Whether the same request may succeed later.
    var mayPass: Bool {
        [408, 429, 500, 502, 503, 504, 529].contains(status) && !isOutOfQuota && !isTooLong && !isOfTemplate
    }

    /// Whether the model's chat template could not be made a prompt of: the same request fails again.
    var isOfTemplate: Bool {
        says(["jinja", "chat template", "chat_template", "parser for this template", "unhashable"])
    }

    /// Whether the server reads its model from the disk still, which takes minutes for a large one.
    var isOfLoading: Bool {
        status == 503 && says(["loading", "not ready", "not loaded yet", "starting up"])
    }

    /// Whether the account is used up, which no waiting helps.
    var isOutOfQuota: Bool {
        status == 402
            || (status == 429 || status == 403 || status == 0)
                && says([
                    "insufficient_quota", "exceeded your current quota", "insufficient balance", "insufficient credit",
                    "credit balance", "billing",
                ])
    }

    /// Whether the conversation is longer than the model takes.
    var isTooLong: Bool {
        // Of a request that is larger than what is allowed in a minute, no waiting makes less.
        [0, 400, 413, 422, 500].contains(status)
            && (status == 413
                || says([
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
            || status == 429 && says(["request too large"])
    }

    /// Whether there is no such model.
    var isUnknownModel: Bool {
        says(["model_not_found"])
            || [400, 404].contains(status) && says(["model"])
                && says([
                    "not found", "not exist", "unknown model", "invalid model", "no such model", "not a valid model",
                ])
    }

    /// Whether the server does not know that a stream can end with what it cost.
    var isOfStreamOptions: Bool {
        [400, 422].contains(status) && (error?.param?.hasPrefix("stream_options") == true || says(["stream_options"]))
    }

    /// Which pictures are refused.
    enum RefusedPictures: Equatable {
        /// Something is wrong with one of the request's.
        case these
        /// The model takes none at all.
        case all
    }

    /// How servers that know texts alone refuse a list of parts.
    private static let wantsText = ["valid string", "must be string", "must be a str", "of type string"]

    /// Whether it is for the request's pictures; `nil` where it is for something else.
    var refusedPictures: RefusedPictures? {
        guard [400, 404, 413, 415, 422, 500, 501].contains(status),
            says(["image", "multimodal", "vision", "must be a string", "expected a string", "unknown variant"])
                || says(["content"]) && says(Self.wantsText)
        else { return nil }
        if says(["format", "parse", "decode", "invalid image", "invalid_image", "too large", "exceed", "download"]) {
            return .these
        }
        return says([
            "support", "multimodal", "must be a string", "expected a string", "unknown variant", "vision",
            "invalid content type", "not allowed", "does not accept",
        ]) || says(Self.wantsText) ? .all : .these
    }
}

// MARK: - What is not said

extension UpstreamError {
    /// What servers say that do not say what is wrong.
    private static let emptyWords: Set<String> = [
        "", "internal server error", "internal error", "server error", "error", "unknown error", "something went wrong",
    ]

    /// Whether a request with pictures may be refused for them, though no words that are known say so.
    ///
    /// - Parameter failures: how often the request failed before: what fails in the server may pass.
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

// MARK: - The error

extension UpstreamError {
    /// Characters of a server's words that an error quotes.
    private static let longestQuote = 300

    /// The error that a person reads.
    ///
    /// - Parameter host: whom was asked.
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
                "With the agent's instructions and tools, the conversation is longer than the model \(model) takes: begin a"
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

    /// Why a request is sent again, in few words.
    var reason: String {
        switch status {
        case 429: "too many requests (HTTP 429)"
        case _ where isOfLoading: "the model is being loaded"
        default: "the endpoint fails\(statusText)"
        }
    }

    private var statusText: String { status == 0 ? "" : " (HTTP \(status))" }

    /// What the server says is left out here: it may repeat the key.
    private func unauthorized(_ host: String, _ key: String?) -> String {
        key?.isEmpty == false
            ? "\(host) refuses the key: set OPENAI_API_KEY to one that it accepts."
            : "\(host) wants a key: set OPENAI_API_KEY."
    }

    /// Where a redirection leads, without its query.
    private var redirection: String? {
        guard 300...399 ~= status else { return nil }
        let place = head?.location?.prefix { $0 != "?" && $0 != "#" } ?? ""
        let text = Self.oneLine(String(place), limit: 200)
        return text.isEmpty ? "another address" : text
    }

    /// The server's own words, short and harmless.
    var words: String { Self.oneLine(error?.message ?? "", limit: Self.longestQuote) }

    private func quote(hiding key: String?) -> String {
        if isPage { return " It answered with a web page." }
        guard let error, !error.message.isEmpty else { return "" }
        var text = error.message
        // Some servers repeat the key, whole or with stars in it. Looked for before anything is cut off.
        if let key, key.utf8.count >= 8 { text = text.replacing(key, with: "[key]") }
        text = text.split(separator: " ").map { $0.contains("**") ? "[key]" : String($0) }.joined(separator: " ")
        return " It says: \"\(Self.oneLine(text, limit: Self.longestQuote))\"."
    }

    /// A text on one line, without anything that a terminal would take for a command.
    private static func oneLine(_ text: String, limit: Int) -> String {
        let shown = text.unicodeScalars.map { scalar -> Character in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: " "
            default: Character(scalar)
            }
        }
        guard shown.count > limit else { return String(shown).split(separator: " ").joined(separator: " ") }
        // What is wrong may stand at the end, behind all that led to it.
        let parts = [shown.prefix(limit / 2), shown.suffix(limit - limit / 2)]
        return parts.map { String($0).split(separator: " ").joined(separator: " ") }.joined(separator: " … ")
    }
}
