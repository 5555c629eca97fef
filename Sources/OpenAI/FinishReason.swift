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
        default:
            let parts = Self.parts(of: word)
            if Self.withholding.contains(where: { part in parts.contains { $0.hasPrefix(part) } }) {
                self = .contentFilter
            } else if !Self.lengths.isDisjoint(with: parts), !Self.limits.isDisjoint(with: parts) {
                self = .length
            } else {
                self = .other(word)
            }
        }
    }

    /// Words of names for answers that were withheld, for limits, and for answers that were aborted: servers have more
    /// names than any list.
    private static let withholding = [
        "filter", "safety", "moderat", "guardrail", "prohibited", "blocklist", "violation",
    ]
    private static let lengths: Set<String> = ["length", "token", "tokens", "context", "output", "size"]
    private static let limits: Set<String> = ["max", "maximum", "limit", "limited", "exceeded", "overflow", "reached"]
    private static let failing = [
        "abort", "cancel", "crash", "disconnect", "dropped", "error", "evict", "exception", "exhaust", "expire", "fail",
        "fault", "insufficient", "interrupt", "invalid", "kill", "malform", "overload", "panic", "preempt", "reject",
        "shutdown", "throttl", "timeout", "timedout", "truncat", "unavailab", "unexpected", "unload",
    ]
    private static let failures: Set<String> = [
        "broken", "broke", "cut", "cutoff", "degenerate", "incomplete", "lost", "oom", "partial", "quota", "repetition",
        "unfinished",
    ]
    /// Names that may be written as several words.
    private static let joined = ["timeout", "timedout", "timelimit", "ratelimit", "shutdown", "outofmemory"]

    /// Whether the answer was aborted because of a failure.
    public var isFailure: Bool {
        guard case .other(let word) = self else { return false }
        let parts = Self.parts(of: word)
        return parts.contains { part in
            Self.failures.contains(part) || Self.failing.contains(where: part.hasPrefix)
        } || Self.joined.contains(where: parts.joined().contains)
    }

    /// Returns the words of a name in lower case: `engineOverloaded`, `ENGINE_OVERLOADED`, `engine-overloaded`.
    private static func parts(of name: String) -> [String] {
        var parts: [String] = []
        var last: Character?
        for character in name.prefix(200) {
            defer { last = character }
            guard character.isLetter || character.isNumber else { continue }
            let isNext = last.map { !($0.isLetter || $0.isNumber) || $0.isLowercase && character.isUppercase } ?? true
            if isNext { parts.append("") }
            parts[parts.count - 1] += character.lowercased()
        }
        return parts
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
