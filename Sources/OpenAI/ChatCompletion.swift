public import JSON

/// A request to a model: the body of `POST /chat/completions`.
public struct ChatRequest: Sendable, Equatable {
    /// The model's name.
    public var model: String
    /// The conversation so far.
    public var messages: [ChatMessage]
    /// The tools that the model may call.
    public var tools: [FunctionTool]
    /// Other members of the body, passed through unchanged: `temperature`, `max_tokens` and so on.
    public var parameters: JSONObject

    /// Creates a request.
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
    /// The answer is complete.
    case stop
    /// The token limit was reached.
    case length
    /// The model requests tool calls.
    case toolCalls
    /// A content filter withheld the answer.
    case contentFilter
    /// Any other reason, in the server's own word.
    case other(String)
}

/// The tokens that an answer used.
public struct TokenUsage: Sendable, Equatable {
    /// Tokens in the request.
    public var prompt: Int
    /// Tokens in the answer.
    public var completion: Int

    /// Creates a usage.
    public init(prompt: Int, completion: Int) {
        self.prompt = prompt
        self.completion = completion
    }

    /// The sum of both.
    public var total: Int { prompt + completion }
}

/// A model's complete answer.
public struct ChatCompletion: Sendable, Equatable {
    /// The model's text and tool calls.
    public var message: ChatMessage
    /// Why the model stopped; `nil` if the server didn't say.
    public var finishReason: FinishReason?
    /// The tokens used; `nil` if the server didn't say.
    public var usage: TokenUsage?
    /// Whether the text contains an apparent tool call that isn't run.
    public var hasUnreadCall = false
    /// Whether that call may be meant, rather than shown, declined or left to the user: the model should be told that it
    /// wasn't run.
    public var hasUnclearCall = false
    /// Whether the tool calls were taken from the text, because the server delivered none as such.
    public var hasWrittenCalls = false
    /// Whether the server had delivered calls of this model as such before.
    public var hasToolChannel = false

    /// Creates an answer.
    public init(message: ChatMessage, finishReason: FinishReason?, usage: TokenUsage? = nil) {
        self.message = message
        self.finishReason = finishReason
        self.usage = usage
    }
}
