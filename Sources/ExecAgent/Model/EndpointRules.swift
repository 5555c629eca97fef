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

    var takesStreamOptions = true
    /// Whether answers may be streamed; otherwise each arrives as a whole.
    var takesStream = true
    var takesPictures = true
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
    var tellsCallsAsText = false
    /// Whether tools are described in the system message and called as text, because the endpoint accepts no tools.
    var tellsToolsAsText = false
    /// Whether system messages are accepted; otherwise their text is put before the first user message.
    var takesSystem = true
    /// Whether consecutive messages of the same role are merged.
    var mergesMessages = false
    /// Whether call ids consist of nine letters and digits.
    var hasShortIDs = false
    /// Required prefix of call ids; `nil` for none.
    var idPrefix: String?
    /// Whether an empty text is omitted.
    var leavesOutEmptyText = false
    /// Whether a tool's result includes the tool's name.
    var namesResults = false
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
}
