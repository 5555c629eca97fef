public import JSON

/// What a model is asked: the body of `POST /chat/completions`.
public struct ChatRequest: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The conversation so far.
    public var messages: [ChatMessage]
    /// What the model may call.
    public var tools: [FunctionTool]
    /// Other members of the body, passed on as they are: `temperature`, `max_tokens` and so on.
    public var parameters: JSONObject

    /// A request.
    public init(
        model: String, messages: [ChatMessage], tools: [FunctionTool] = [], parameters: JSONObject = JSONObject()
    ) {
        self.model = model
        self.messages = messages
        self.tools = tools
        self.parameters = parameters
    }
}

/// Why a model stopped.
public enum FinishReason: Sendable, Equatable {
    /// It was done.
    case stop
    /// It reached the limit of tokens.
    case length
    /// It wants tools to be called.
    case toolCalls
    /// Its answer was held back.
    case contentFilter
    /// Anything else, in the server's own word.
    case other(String)
}

/// What an answer cost, in tokens.
public struct TokenUsage: Sendable, Equatable {
    /// Tokens of the request.
    public var prompt: Int
    /// Tokens of the answer.
    public var completion: Int

    /// A usage.
    public init(prompt: Int, completion: Int) {
        self.prompt = prompt
        self.completion = completion
    }

    /// Both together.
    public var total: Int { prompt + completion }
}

/// A model's whole answer.
public struct ChatCompletion: Sendable, Equatable {
    /// What the model said and which tools it calls.
    public var message: ChatMessage
    /// Why it stopped; `nil` where the server did not say.
    public var finishReason: FinishReason?
    /// What it cost; `nil` where the server did not say.
    public var usage: TokenUsage?
    /// Whether the text has what looks like a tool call and cannot be run as one.
    public var hasUnreadCall = false

    /// An answer.
    public init(message: ChatMessage, finishReason: FinishReason?, usage: TokenUsage? = nil) {
        self.message = message
        self.finishReason = finishReason
        self.usage = usage
    }
}
