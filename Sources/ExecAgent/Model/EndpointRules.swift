import OpenAI

/// What a model behind an endpoint has turned out to take, and not to take. Learned from refusals and kept, so that the
/// next request is right at once.
struct EndpointRules: Equatable {
    /// How a tool's schema is written.
    enum Schema: Equatable {
        /// In the few words that all endpoints know, with a short description of the tool.
        case plain
        /// Not at all: the tool is refused however it is written.
        case leftOut
    }

    /// What stands between a tool's result and a message of the user.
    enum Order: Equatable {
        /// Nothing.
        case free
        /// A word of the assistant.
        case bridged
        /// The message becomes part of the tool's result, without its pictures.
        case merged
    }

    var takesStreamOptions = true
    /// Whether an answer may be streamed; else it comes as a whole.
    var takesStream = true
    var takesPictures = true
    /// Tools by name; those that are not here are written as usual.
    var schemas: [String: Schema] = [:]
    /// Whether all schemas are plain: an endpoint that does not say which it refuses.
    var areSchemasPlain = false
    /// How many tools it takes; `nil` for any number.
    var maxTools: Int?
    var order = Order.free
    /// Whether a message makes no more than one call.
    var hasSingleCalls = false
    /// Whether calls and their results are told in text: the model's template knows nothing but two speakers.
    var tellsCallsAsText = false
    /// Whether the tools are told in the instructions, and called in text: the endpoint takes none.
    var tellsToolsAsText = false
    /// Whether there may be a message of the system; else its words stand before the user's first ones.
    var takesSystem = true
    /// Whether messages of the same speaker that follow each other become one.
    var mergesMessages = false
    /// Whether ids of calls are nine letters and digits.
    var hasShortIDs = false
    /// What ids of calls begin with; `nil` for anything.
    var idPrefix: String?
    /// Whether a text that is empty is left out.
    var leavesOutEmptyText = false
    /// Whether the result of a tool says the tool's name.
    var namesResults = false
    /// Members of messages and calls that are refused.
    var refusedMembers: Set<String> = []
    /// Parameters of requests that are refused.
    var refusedParameters: Set<String> = []
    /// Whether what a model thought in earlier runs goes back as well.
    var wantsOldReasoning = false
    /// Whether calls without a signature, those of another model, get the one that says so.
    var wantsSignatures = false
    /// Whether the limit of tokens has its newer name.
    var renamesTokenLimit = false
}
