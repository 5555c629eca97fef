import OpenAI

/// The endpoint's address, key, timeout, retries and limits.
struct EndpointOptions: Sendable {
    /// The API's base URL, up to `/v1`.
    var baseURL = "https://api.openai.com/v1"
    /// The bearer token; `nil` or empty for none. Never logged or included in errors.
    var key: String?
    /// The proxy used for requests, to name in errors; `nil` for none.
    var proxy: ProxySetting?
    /// Seconds without data after which a request is abandoned.
    var idleTimeout = 120.0
    /// Maximum number of retries of a request that failed before the first token.
    var retries = 4
    /// Size limits for an answer.
    var limits = AnswerLimits()
}
