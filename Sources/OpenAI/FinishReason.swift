extension FinishReason {
    /// Parses the API's `word`.
    public init(word: String) {
        // All words but the first of each case come from other servers and the engines they use.
        switch word.lowercased() {
        case "stop", "eos", "eos_token", "eosfound", "end_turn", "stop_sequence", "complete": self = .stop
        case "length", "max_tokens", "model_length", "max_output_tokens", "max_length", "model_context_window_exceeded",
            "context_window_exceeded", "context_length_exceeded", "token_limit", "truncated":
            self = .length
        case "tool_calls", "function_call", "tool_call", "tool_use": self = .toolCalls
        case "content_filter", "safety", "recitation", "prohibited_content", "sensitive", "refusal",
            "blocklist", "spii", "blocked", "content_filtered", "guardrail_intervened":
            self = .contentFilter
        default: self = .other(word)
        }
    }

    private static let failures: Set<String> = [
        "abort", "aborted", "cancelled", "canceled", "failed", "failure", "interrupted", "timeout",
        "insufficient_system_resource", "network_error", "internal_error", "malformed_function_call",
        "malformed_tool_call", "unexpected_tool_call", "server_error",
    ]

    /// Whether the answer was aborted because of a failure.
    public var isFailure: Bool {
        guard case .other(let word) = self else { return false }
        return word.lowercased().hasPrefix("error") || Self.failures.contains(word.lowercased())
    }

    /// The API's word for this reason.
    public var word: String {
        switch self {
        case .stop: "stop"
        case .length: "length"
        case .toolCalls: "tool_calls"
        case .contentFilter: "content_filter"
        case .other(let word): word
        }
    }
}
