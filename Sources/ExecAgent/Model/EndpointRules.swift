import OpenAI

/// What a model behind an endpoint was found to accept or reject. Learned from error responses and kept, so the next
/// request is right the first time.
struct EndpointRules: Equatable {
    /// How a tool's schema is written.
    enum Schema: Equatable {
        /// With only the keywords that all endpoints know, and a short description of the tool.
        case plain
        /// Omitted: the tool is rejected in every form.
        case leftOut
    }

    /// What separates a tool's result from a following user message.
    enum Order: Equatable {
        /// Nothing: the user message may follow directly.
        case free
        /// An assistant message.
        case bridged
        /// The message is merged into the tool's result, without its pictures.
        case merged
    }

    var acceptsStreamOptions = true
    /// Whether answers may be streamed; otherwise each arrives as a whole.
    var acceptsStream = true
    var acceptsPictures = true
    /// Schema forms by tool name; tools not listed use the usual form.
    var schemas: [String: Schema] = [:]
    /// Whether all schemas are plain, for an endpoint that doesn't say which one it rejects.
    var areSchemasPlain = false
    /// Maximum number of tools; `nil` for no limit.
    var maxTools: Int?
    var order = Order.free
    /// Whether a message contains at most one call.
    var hasSingleCalls = false
    /// Whether calls and results are sent as text, because the model's template knows only two roles.
    var sendsCallsAsText = false
    /// Whether tools are described in the system message and called as text, because the endpoint accepts no tools.
    var sendsToolsAsText = false
    /// Whether the endpoint has delivered calls as such.
    var deliversCalls = false
    /// Whether calls may be expected as such, so that few are taken from the text.
    var hasToolChannel: Bool { deliversCalls && !sendsCallsAsText && !sendsToolsAsText }
    /// Whether system messages are accepted; otherwise their text is put before the first user message.
    var acceptsSystem = true
    /// Whether consecutive messages of the same role are merged.
    var mergesMessages = false
    /// Whether call ids consist of nine letters and digits.
    var hasShortIDs = false
    /// Required prefix of call ids; `nil` for none.
    var idPrefix: String?
    /// Whether an empty text is omitted.
    var leavesOutEmptyText = false
    /// Whether an assistant message has either a text or calls, never both and never neither.
    var separatesTextAndCalls = false
    /// Whether a tool's result includes the tool's name.
    var namesResults = false
    /// Whether the names of participants are left out.
    var leavesOutNames = false
    /// Members of messages and calls that are rejected.
    var refusedMembers: Set<String> = []
    /// Request parameters that are rejected.
    var refusedParameters: Set<String> = []
    /// Whether the model's reasoning from earlier runs is also sent back.
    var wantsOldReasoning = false
    /// Whether calls without a signature, made by another model, get the placeholder signature.
    var wantsSignatures = false
    /// Whether the token limit is sent under its newer name.
    var renamesTokenLimit = false
    /// Steps of ``RefusalTrial`` that have not helped, by their keys: each is tried once.
    var uselessSteps: Set<String> = []
}
