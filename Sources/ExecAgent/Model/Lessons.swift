import Diagnostics
import JSON
import OpenAI

extension EndpointRules {
    /// What was learned from an error response.
    struct Lesson: Equatable {
        /// Whether it applies only to this request, because its own pictures are invalid.
        var hidesPictures = false
        /// A notice for the user; `nil` if nothing is lost.
        var notice: String?
    }

    /// Learns from an error response how to rewrite the request.
    ///
    /// - Returns: `nil` if nothing can be learned: the same request would be rejected again.
    mutating func learn(from refusal: UpstreamError, of form: RequestForm) -> Lesson? {
        guard refusal.mayBeOfForm else { return nil }
        // The pictures may be too large; otherwise the run must shorten the conversation.
        if refusal.isTooLong { return learnPictures(refusal, form) }
        // The response format is the client's choice, and errors about it use the same words as those about tool
        // schemas.
        if form.body["response_format"] != nil, refusal.isOfAnswerForm { return nil }
        if refusal.isOfStreamOptions, acceptsStreamOptions {
            acceptsStreamOptions = false
            return Lesson()
        }
        if refusal.isOfStream, acceptsStream {
            acceptsStream = false
            return Lesson()
        }
        return learnMessages(refusal, form) ?? learnToolUse(refusal, form) ?? learnTools(refusal, form)
            ?? learnMembers(refusal, form) ?? learnParameters(refusal, form) ?? learnPictures(refusal, form)
            ?? learnTemplate(refusal, form)
    }

    /// Model templates assume that schemas have the form their authors expected: a template that fails with an internal
    /// error may work with plain schemas.
    private mutating func learnTemplate(_ refusal: UpstreamError, _ form: RequestForm) -> Lesson? {
        guard refusal.isOfTemplate, !form.toolNames.isEmpty, !areSchemasPlain else { return nil }
        return learned(\.areSchemasPlain)
    }

    // MARK: - Tools

    /// A model without tool support may still call tools as text.
    private mutating func learnToolUse(_ refusal: UpstreamError, _ form: RequestForm) -> Lesson? {
        guard !form.toolNames.isEmpty, !sendsToolsAsText, refusal.isOfToolUse else { return nil }
        sendsToolsAsText = true
        return Lesson(
            notice:
                "the model's API accepts no tools for this model (\(refusal.words)): they are described in words,"
                + " and its calls are read from its text")
    }

    private mutating func learnTools(_ refusal: UpstreamError, _ form: RequestForm) -> Lesson? {
        guard !form.toolNames.isEmpty, refusal.isOfTools else { return nil }
        if let most = refusal.maxTools(of: form.toolNames.count) {
            maxTools = most
            let lost = form.toolNames.dropFirst(most)
            return Lesson(
                notice: """
                    the model's API accepts at most \(most.counted("tool")); left out: \(lost.joined(separator: ", "))
                    """
            )
        }
        let refused = refusal.refusedTools(of: form.toolNames)
        guard !refused.isEmpty else {
            guard !areSchemasPlain, refusal.isOfSchemas else { return nil }
            areSchemasPlain = true
            return Lesson()
        }
        var lost: [String] = []
        for name in refused {
            if schemas[name] == .plain || areSchemasPlain {
                schemas[name] = .leftOut
                lost.append(name)
            } else {
                schemas[name] = .plain
            }
        }
        guard !lost.isEmpty else { return Lesson() }
        return Lesson(
            notice: "the model's API refuses the tool \(lost.joined(separator: ", ")), which is left out:"
                + " \(refusal.words)")
    }

    // MARK: - Messages

    private mutating func learnMessages(_ refusal: UpstreamError, _ form: RequestForm) -> Lesson? {
        if refusal.denies("system"), let lesson = learnSystem(form) { return lesson }
        if refusal.isOfOrder {
            if !mergesMessages, refusal.mentions(["alternate"]) {
                mergesMessages = true
                if order == .free { order = .bridged }
                return Lesson()
            }
            if form.hasUserAfterTool || order == .bridged {
                switch order {
                case .free: order = .bridged
                case .bridged: order = .merged
                case .merged: return nil
                }
                return Lesson()
            }
            if refusal.mentions(["alternate"]), let lesson = learnCallsAsText(form) { return lesson }
        }
        if !hasSingleCalls, form.hasSeveralCalls, refusal.isOfSeveralCalls { return learned(\.hasSingleCalls) }
        if refusal.isOfToolRole, let lesson = learnCallsAsText(form) { return lesson }
        if refusal.isOfSystem, let lesson = learnSystem(form) { return lesson }
        if let prefix = refusal.prefixOfIDs, idPrefix != prefix {
            idPrefix = prefix
            return Lesson()
        }
        if !hasShortIDs, refusal.isOfIDs {
            idPrefix = nil
            return learned(\.hasShortIDs)
        }
        if !wantsSignatures, refusal.mentions(["thought_signature", "thoughtsignature"]) {
            return learned(\.wantsSignatures)
        }
        if refusal.isOfTextBesideCalls {
            if !separatesTextAndCalls {
                separatesTextAndCalls = true
                return Lesson(
                    notice: "the model's API accepts no text beside calls: what the model says before a call"
                        + " is not sent back to it")
            }
            if !leavesOutEmptyText { return learned(\.leavesOutEmptyText) }
        }
        if !namesResults, form.hasToolResults, refusal.isOfResultNames { return learned(\.namesResults) }
        if !leavesOutEmptyText, refusal.isOfEmptyText { return learned(\.leavesOutEmptyText) }
        if !renamesTokenLimit, refusal.mentions(["max_completion_tokens"]), refusal.mentions(["max_tokens"]) {
            return learned(\.renamesTokenLimit)
        }
        if !wantsOldReasoning, refusal.isOfWantOfReasoning { return learned(\.wantsOldReasoning) }
        return nil
    }

    private mutating func learnSystem(_ form: RequestForm) -> Lesson? {
        guard form.hasSystem, acceptsSystem else { return nil }
        acceptsSystem = false
        mergesMessages = true
        return Lesson()
    }

    /// The last resort if no order of messages is accepted.
    private mutating func learnCallsAsText(_ form: RequestForm) -> Lesson? {
        guard form.hasToolResults, !sendsCallsAsText else { return nil }
        sendsCallsAsText = true
        mergesMessages = true
        return Lesson()
    }

    /// Members that only some servers know are rejected by others, for example after a switch of models.
    private mutating func learnMembers(_ refusal: UpstreamError, _ form: RequestForm) -> Lesson? {
        guard !form.extraMembers.isEmpty, !refusal.isOfWantOfReasoning else { return nil }
        var members = form.extraMembers.filter { refusal.mentions([$0.lowercased()]) }
        if members.isEmpty, refusal.isOfUnknownMembers { members = form.extraMembers }
        guard !members.isEmpty else { return nil }
        refusedMembers.formUnion(members)
        return Lesson()
    }

    /// Parameters that the client chose, or that are specific to another endpoint.
    private mutating func learnParameters(_ refusal: UpstreamError, _ form: RequestForm) -> Lesson? {
        guard let name = refusal.refusedParameter(of: form.optionalParameters) else { return nil }
        refusedParameters.insert(name)
        return Lesson(notice: "the model's API refuses '\(name)', which is left out: \(refusal.words)")
    }

    private mutating func learned(_ rule: WritableKeyPath<EndpointRules, Bool>) -> Lesson {
        self[keyPath: rule] = true
        return Lesson()
    }

    // MARK: - Pictures

    private mutating func learnPictures(_ refusal: UpstreamError, _ form: RequestForm) -> Lesson? {
        guard form.hasPictures, let refused = refusal.refusedPictures else { return nil }
        if refused == .all { acceptsPictures = false }
        return Lesson(
            hidesPictures: true,
            notice: refused == .all
                ? Endpoint.picturesNotice
                : "the model's API refuses a picture, so pictures are described in words: \(refusal.words)")
    }
}

// MARK: - Wording of errors

extension UpstreamError {
    /// Whether the error may be caused by the form of the request.
    fileprivate var mayBeOfForm: Bool {
        [400, 404, 413, 415, 422, 500, 501].contains(status) && !isOutOfQuota
    }

    fileprivate var isOfTools: Bool {
        mentions(["tool", "function", "schema", "grammar", "parameters"])
            && !mentions(["tool_call", "tool call", "messages["])
            || mentions(["invalid schema", "invalid_function_parameters", "input_schema"])
    }

    fileprivate var isOfSchemas: Bool {
        mentions(["schema", "grammar", "function_declarations", "parameters", "properties", "unknown name"])
    }

    /// Whether the error is about the response format.
    var isOfAnswerForm: Bool {
        mentions([
            "response_format", "custom grammar", "response format", "response_schema", "response mime type",
            "json mode",
            "structured output",
        ])
    }

    var isOfOrder: Bool {
        mentions([
            "unexpected role", "message_order", "roles must alternate", "alternate user", "after role", "role order",
            "order of messages", "message order", "must be followed by", "cannot follow", "should be followed",
            "last role",
        ])
    }

    fileprivate var isOfSeveralCalls: Bool {
        mentions([
            "single tool-call", "single tool call", "one tool call", "one tool-call", "parallel tool calls",
            "multiple tool calls", "single function call", "one function call",
        ])
    }

    /// Whether tool results must include the tool's name.
    fileprivate var isOfResultNames: Bool {
        let isOfName = mentions([
            "have a name", "has no name", "name is required", "requires a name", "requires name", "missing name",
            "without a name", "without name", "needs a name", "name cannot be empty", "name must not be empty",
            "missing 'name'", "missing \"name\"", "missing `name`", "'name' is", "\"name\" is", "`name` is",
            "name: field required", "name: must", "name field is required", "name is missing",
        ])
        let isOfResults = mentions([
            "function_response", "functionresponse", "function response", "tool message", "tool result",
            "tool response", "role tool", "role 'tool'", "role \"tool\"", "role `tool`", "tool role",
        ])
        return isOfName && isOfResults
    }

    fileprivate var isOfEmptyText: Bool {
        mentions(["content", "text"]) && !isOfResultNames && !mentions([".name"])
            && mentions([
                "non-empty", "nonempty", "must not be empty", "cannot be empty", "can't be empty", "is empty",
                "is blank", "empty string",
            ])
    }

    /// Whether an assistant message must have either a text or calls.
    fileprivate var isOfTextBesideCalls: Bool {
        mentions(["tool_calls", "tool calls", "toolcalls"]) && mentions(["content", "text"])
            && mentions([
                "either", "not both", "cannot both", "can't both", "can not both", "have both", "both content",
                "both text", "both be", "mutually exclusive", "exclusive", "at the same time", "only one of",
                "exactly one of", "one of 'content'", "one of content",
            ])
    }

    fileprivate var isOfWantOfReasoning: Bool {
        mentions(["reasoning_content", "reasoning content", "reasoning_details", "thinking mode", "thinking block"])
            && mentions(["passed back", "pass back", "missing", "required"])
    }

    fileprivate var isOfUnknownMembers: Bool {
        mentions([
            "additional propert", "additionalpropert", "extra inputs", "extra_forbidden", "unknown field",
            "unknown name",
            "unrecognized", "unexpected field", "unknown parameter", "unsupported parameter",
        ])
    }

    /// Returns the tools that the error names, or refers to by index.
    fileprivate func refusedTools(of names: [String]) -> [String] {
        let texts = [error?.param, error?.message].compactMap { $0 }
        // Named tools take precedence, because a name that is only quoted may also be a word of that tool's definition.
        for isSaid in [true, false] {
            let named = names.filter { name in texts.contains { Self.names(name, in: $0, isSaid: isSaid) } }
            if !named.isEmpty { return named }
        }
        // If tools are nested in a list within a list, the inner index counts.
        for list in ["function_declarations", "functiondeclarations", "functions", "tools"] {
            let numbers = texts.flatMap { Self.numbers(behind: list, in: $0.lowercased()) }
            let found = Set(numbers).sorted().filter(names.indices.contains).map { names[$0] }
            if !found.isEmpty { return found }
        }
        return []
    }

    /// Whether a text contains a name after a word such as "tool", or else in quotes. Unquoted, a tool's name may be an
    /// ordinary word of the sentence.
    private static func names(_ name: String, in text: String, isSaid: Bool) -> Bool {
        let quotes = ["'", "\"", "`"]
        guard isSaid else { return quotes.contains { text.contains("\($0)\(name)\($0)") } }
        return ["function ", "tool ", "function: ", "tool: ", "function=", "name="].contains { word in
            quotes.contains { text.contains("\(word)\($0)\(name)\($0)") }
                || text.ranges(of: word + name).contains { range in
                    guard range.upperBound < text.endIndex else { return true }
                    let next = text[range.upperBound]
                    return !(next.isLetter || next.isNumber || next == "_" || next == "-")
                }
        }
    }

    private static func numbers(behind list: String, in text: String) -> [Int] {
        text.ranges(of: list).compactMap { range in
            // `tools[3].function`, `tools.3.function`, or a path given as a list: `"tools", 3, "function"`.
            let rest = text[range.upperBound...].trimmingPrefix { "\"'".contains($0) }
            guard let first = rest.first, "[.,".contains(first) else { return nil }
            return Int(rest.dropFirst().trimmingPrefix { $0 == " " }.prefix { $0.isASCII && $0.isNumber })
        }
    }
}
