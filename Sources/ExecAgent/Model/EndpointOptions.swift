import OpenAI

/// Where the model is, and how long and how often it is asked.
struct EndpointOptions: Sendable {
    /// Where the API is, up to `/v1`.
    var baseURL = "https://api.openai.com/v1"
    /// What is sent as bearer token; `nil` or empty for none. It is never logged and stands in no error.
    var key: String?
    /// The proxy that requests go through, for errors; `nil` for none.
    var proxy: ProxySetting?
    /// Seconds without a byte after which an answer is given up.
    var idleTimeout = 120.0
    /// How often a request that failed before the first token is sent again.
    var retries = 4
    /// How large an answer may get.
    var limits = AnswerLimits()
}
