import JSON
import OpenAI

/// A change to the form of a request that may make it acceptable to an endpoint that refuses it without saying why.
enum Remedy: Hashable {
    case noPictures
    case noStreamOptions
    case plainSchemas
    case noExtraMembers
    case noNames
    case namedResults
    case noEmptyText
    case shortIDs
    case singleCalls
    case bridgedOrder
    case noParameter(String)
    case newTokenLimit
    case signatures
    case oldReasoning
    case noSystem
    case noStream
    case noTool(String)
    case toolsAsText
    case callsAsText

    /// Whether it would change the request.
    func changes(_ form: RequestForm, _ rules: EndpointRules) -> Bool {
        switch self {
        case .noPictures: form.hasPictures
        case .noStreamOptions: form.body["stream_options"] != nil
        case .plainSchemas: !form.toolNames.isEmpty && !rules.areSchemasPlain
        case .noExtraMembers: !form.extraMembers.isEmpty
        case .noNames: form.hasNames
        case .namedResults: form.hasToolResults && !rules.namesResults
        case .noEmptyText: form.hasEmptyText && !rules.leavesOutEmptyText
        case .shortIDs: form.hasToolResults && !rules.hasShortIDs && rules.idPrefix == nil
        case .singleCalls: form.hasSeveralCalls && !rules.hasSingleCalls
        case .bridgedOrder: form.hasUserAfterTool && rules.order == .free
        case .noParameter(let name): form.optionalParameters.contains(name)
        case .newTokenLimit: form.body["max_tokens"] != nil && !rules.renamesTokenLimit
        case .signatures: form.hasToolResults && !rules.wantsSignatures
        case .oldReasoning: form.hasOldReasoning && !rules.wantsOldReasoning
        case .noSystem: form.hasSystem && rules.acceptsSystem
        case .noStream: rules.acceptsStream
        case .noTool(let name): form.toolNames.contains(name)
        case .toolsAsText: !form.toolNames.isEmpty && !rules.sendsToolsAsText
        case .callsAsText: form.hasToolResults && !rules.sendsCallsAsText
        }
    }

    /// Changes the rules so that requests are sent this way.
    ///
    /// - Parameter form: the request that was refused.
    func apply(to rules: inout EndpointRules, _ form: RequestForm) {
        switch self {
        case .noPictures: rules.acceptsPictures = false
        case .noStreamOptions: rules.acceptsStreamOptions = false
        case .plainSchemas: rules.areSchemasPlain = true
        case .noExtraMembers: rules.refusedMembers.formUnion(form.extraMembers)
        case .noNames: rules.leavesOutNames = true
        case .namedResults: rules.namesResults = true
        case .noEmptyText: rules.leavesOutEmptyText = true
        case .shortIDs: rules.hasShortIDs = true
        case .singleCalls: rules.hasSingleCalls = true
        case .bridgedOrder: rules.order = .bridged
        case .noParameter(let name): rules.refusedParameters.insert(name)
        case .newTokenLimit: rules.renamesTokenLimit = true
        case .signatures: rules.wantsSignatures = true
        case .oldReasoning: rules.wantsOldReasoning = true
        case .noSystem: (rules.acceptsSystem, rules.mergesMessages) = (false, true)
        case .noStream: rules.acceptsStream = false
        case .noTool(let name): rules.schemas[name] = .leftOut
        case .toolsAsText: (rules.sendsToolsAsText, rules.mergesMessages) = (true, true)
        case .callsAsText: (rules.sendsCallsAsText, rules.mergesMessages) = (true, true)
        }
    }

    /// What is done to requests, as a part of a sentence.
    func words(_ form: RequestForm) -> String {
        switch self {
        case .noPictures: "pictures are described in words"
        case .noStreamOptions: "'stream_options' is left out"
        case .plainSchemas: "the tools' schemas are simplified"
        case .noExtraMembers: "left out of messages: \(form.extraMembers.sorted().joined(separator: ", "))"
        case .noNames: "the names of participants are left out"
        case .namedResults: "tool results have names"
        case .noEmptyText: "empty texts are left out"
        case .shortIDs: "ids of calls are shortened"
        case .singleCalls: "calls are sent one by one"
        case .bridgedOrder: "a message is put between a tool's result and the user's message"
        case .noParameter(let name): "'\(name)' is left out"
        case .newTokenLimit: "'max_tokens' is sent as 'max_completion_tokens'"
        case .signatures: "calls have signatures"
        case .oldReasoning: "earlier reasoning is sent back"
        case .noSystem: "instructions are sent as the user's"
        case .noStream: "answers are not streamed"
        case .noTool(let name): "the tool \(name) is left out"
        case .toolsAsText: "tools are described in words, and calls are read from the model's text"
        case .callsAsText: "earlier calls and results are sent as text"
        }
    }

    /// Identifies what it changes in this request, to try it only once.
    func key(_ form: RequestForm) -> String {
        switch self {
        case .plainSchemas, .toolsAsText: "\(self) \(form.toolNames.joined(separator: " "))"
        case .noExtraMembers: "\(self) \(form.extraMembers.sorted().joined(separator: " "))"
        default: "\(self)"
        }
    }
}
