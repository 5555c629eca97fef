extension FinishReason {
    /// The reason that the API's `word` stands for.
    public init(word: String) {
        switch word {
        case "stop": self = .stop
        case "length": self = .length
        // The second is what it was called before there were tools.
        case "tool_calls", "function_call": self = .toolCalls
        case "content_filter": self = .contentFilter
        default: self = .other(word)
        }
    }

    /// The API's word for it.
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
