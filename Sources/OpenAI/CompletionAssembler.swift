import JSON

/// Why a server's response contains no usable answer.
public enum AnswerError: Error, Sendable, Equatable {
    /// The stream ended before the answer was complete.
    case lost
    /// The server reports that the answer was aborted, with its reason.
    case failed(String)
    /// The answer exceeds the limit named in the text.
    case tooLarge(String)
    /// The response isn't a valid answer of this API; with the reason.
    case malformed(String)
}

/// Assembles a streamed answer from its chunks.
///
/// Servers number the calls, or send ids, or neither; they repeat the id or the name in each fragment, give each
/// fragment its own id, or give all calls the same index. The assignment of a fragment to a call takes all of these
/// into account.
public struct CompletionAssembler: Sendable {
    private struct Call: Sendable {
        var index: Int?
        var id: String?
        var name: String
        var arguments: CallArguments
        let isLegacy: Bool
        var extra = MemberMerger()
    }

    private let limits: AnswerLimits
    private let tools: [FunctionTool]
    private var text: AnswerText
    private var calls: [Call] = []
    private var argumentBytes = 0
    /// Members of calls that came before anything else of their calls.
    private var early: [(index: Int?, members: MemberMerger)] = []
    private var extra = MemberMerger()
    private var finishReason: FinishReason?
    private var usage: TokenUsage?
    /// Whether a usage without choices came after the last content: servers send it only once an answer is complete.
    private var hasEnded = false
    /// The first half of a character that was split between chunks.
    private var half = ""

    /// Creates an empty assembler.
    ///
    /// - Parameters:
    ///   - tools: the tools that the model may call, to find calls written as text.
    ///   - hasToolChannel: whether the server has delivered calls of this model as such before, so that only
    ///     unmistakable ones are taken from the text.
    ///   - readTexts: what the model has read; calls that stand there are only shown.
    public init(
        limits: AnswerLimits = AnswerLimits(), tools: [FunctionTool] = [], hasToolChannel: Bool = false,
        readTexts: ReadTexts = ReadTexts()
    ) {
        self.limits = limits
        self.tools = tools
        text = AnswerText(tools: tools, policy: CallPolicy(hasToolChannel: hasToolChannel, readTexts: readTexts))
    }

    /// Whether the server has said why the model stopped: nothing more of the answer follows.
    public var hasFinishReason: Bool { finishReason != nil }

    /// Whether any text has been emitted, so a retry would emit it twice.
    public var hasEmitted: Bool { text.hasEmitted }

    /// Adds the next chunk.
    ///
    /// - Returns: the text that can be emitted now, without thoughts and without possible calls.
    /// - Throws: ``AnswerError/tooLarge(_:)``.
    public mutating func add(_ chunk: ChatChunk) throws(AnswerError) -> String {
        // Some servers send a usage with each chunk: the last one counts.
        usage = chunk.usage ?? usage
        finishReason = chunk.finishReason ?? finishReason
        guard let delta = chunk.delta else {
            hasEnded = hasEnded || chunk.usage != nil
            return ""
        }
        guard text.raw.utf8.count + delta.text.utf8.count <= limits.textBytes else {
            throw .tooLarge("more than \(limits.textBytes) bytes of text")
        }
        if !delta.text.isEmpty || !delta.toolCalls.isEmpty || !delta.extra.isEmpty { hasEnded = false }
        try add(delta.extra, to: \.extra)
        for (position, piece) in delta.toolCalls.enumerated() { try add(piece, at: position) }
        guard !delta.text.isEmpty else { return "" }
        var piece = half + delta.text
        half = ""
        if CharacterHalves.endsInHalf(piece) { half = String(piece.unicodeScalars.removeLast()) }
        return text.add(CharacterHalves.joined(piece))
    }

    /// Returns the answer once the stream has ended, and the part of its text not emitted yet.
    ///
    /// - Parameter isDone: whether the server sent an explicit end.
    /// - Throws: ``AnswerError/lost`` if the answer is incomplete, ``AnswerError/failed(_:)`` if the server reports
    ///   that it was aborted.
    public mutating func completion(isDone: Bool) throws(AnswerError) -> (rest: String, answer: ChatCompletion) {
        if case .other(let word)? = finishReason, finishReason?.isFailure == true { throw .failed(word) }
        if finishReason == nil {
            // A stream that just stops may contain only half of the answer, or half of the calls.
            guard isDone || hasEnded, !text.raw.isEmpty || !calls.isEmpty || !extra.isEmpty else { throw .lost }
        }
        let last = text.add(CharacterHalves.joined(half))
        half = ""
        let ending = text.finish()
        var toolCalls = calls.map {
            ChatToolCall(
                id: $0.id ?? "", name: $0.name, arguments: CharacterHalves.joined($0.arguments.text),
                extra: CharacterHalves.joined($0.extra.object))
        }
        // If the server sends structured calls, those in the text are duplicates.
        if toolCalls.isEmpty { toolCalls = ending.calls }
        guard toolCalls.count <= limits.toolCalls else { throw .tooLarge("more than \(limits.toolCalls) tool calls") }
        var reason = finishReason
        if !toolCalls.isEmpty, reason == nil || reason == .stop { reason = .toolCalls }
        Self.giveIDs(to: &toolCalls)
        var answer = ChatCompletion(
            message: message(text.shown, calling: toolCalls), finishReason: reason, usage: usage)
        answer.hasUnreadCall = ending.hasUnreadCall && toolCalls.isEmpty
        answer.hasUnclearCall = ending.hasUnclearCall && toolCalls.isEmpty
        answer.hasToolChannel = text.policy.hasToolChannel
        answer.hasWrittenCalls = calls.isEmpty && !toolCalls.isEmpty
        return (last + ending.emitted, answer)
    }

    private func message(_ emitted: String, calling toolCalls: [ChatToolCall]) -> ChatMessage {
        var message = ChatMessage(
            role: .assistant, content: emitted.isEmpty ? [] : [.text(emitted)], toolCalls: toolCalls)
        message.extra = CharacterHalves.joined(extra.object)
        guard !text.thought.isEmpty else { return message }
        // Raw text only if no calls were parsed from it; those are structured calls now.
        if calls.count == toolCalls.count { message.rawText = text.raw }
        if message.reasoning.isEmpty, emitted.isEmpty, toolCalls.isEmpty {
            message.extra["reasoning"] = .string(text.thought)
        }
        return message
    }

    /// Gives each call a unique id, by which results are matched.
    private static func giveIDs(to calls: inout [ChatToolCall]) {
        var taken: Set<String> = []
        for place in calls.indices {
            while calls[place].id.isEmpty || !taken.insert(calls[place].id).inserted {
                calls[place].id = "call_" + String(UInt64.random(in: .min ... .max), radix: 36)
            }
        }
    }

    private mutating func add(
        _ members: JSONObject, to merger: WritableKeyPath<CompletionAssembler, MemberMerger>
    ) throws(AnswerError) {
        guard !members.isEmpty else { return }
        self[keyPath: merger].add(members)
        try checkMembers()
    }

    private func checkMembers() throws(AnswerError) {
        let others = early.reduce(extra.byteCount) { $0 + $1.members.byteCount }
        guard calls.reduce(others, { $0 + $1.extra.byteCount }) <= limits.memberBytes else {
            throw .tooLarge("more than \(limits.memberBytes) bytes of reasoning and other members")
        }
    }

    // MARK: - Call fragments

    private mutating func add(_ piece: ToolCallPiece, at position: Int) throws(AnswerError) {
        // Some servers send each call in both the legacy and the current form.
        if piece.isLegacy {
            if calls.contains(where: { !$0.isLegacy }) { return }
        } else {
            calls.removeAll(where: \.isLegacy)
        }
        argumentBytes += piece.arguments.utf8.count + (piece.name?.utf8.count ?? 0) + (piece.id?.utf8.count ?? 0)
        guard argumentBytes <= limits.argumentBytes else {
            throw .tooLarge("more than \(limits.argumentBytes) bytes of tool calls")
        }
        guard let place = callContinued(by: piece, at: position) else {
            // An empty fragment doesn't start a call, but its members belong to the one that follows.
            guard piece.name != nil || piece.id != nil || !piece.arguments.isEmpty else { return try keep(piece) }
            guard calls.count < limits.toolCalls else { throw .tooLarge("more than \(limits.toolCalls) tool calls") }
            calls.append(
                Call(
                    index: piece.index, id: piece.id, name: piece.name ?? "", arguments: CallArguments(piece.arguments),
                    isLegacy: piece.isLegacy, extra: earlyMembers(of: piece)))
            return try add(piece.extra, to: \.calls[calls.count - 1].extra)
        }
        calls[place].id = calls[place].id ?? piece.id
        if let name = piece.name, name != calls[place].name { calls[place].name += name }
        calls[place].arguments.add(piece.arguments)
        try add(piece.extra, to: \.calls[place].extra)
    }

    /// Keeps the members of a fragment whose call has not started.
    private mutating func keep(_ piece: ToolCallPiece) throws(AnswerError) {
        guard !piece.extra.isEmpty else { return }
        if early.last.map({ $0.index == piece.index }) != true {
            guard early.count < limits.toolCalls else { throw .tooLarge("more than \(limits.toolCalls) tool calls") }
            early.append((piece.index, MemberMerger()))
        }
        early[early.count - 1].members.add(piece.extra)
        try checkMembers()
    }

    /// Removes and returns the members that came before the call that a fragment starts.
    private mutating func earlyMembers(of piece: ToolCallPiece) -> MemberMerger {
        guard
            let place = early.firstIndex(where: { $0.index == piece.index || $0.index == nil || piece.index == nil })
        else { return MemberMerger() }
        return early.remove(at: place).members
    }

    /// Returns the call that a fragment continues; `nil` if it starts a new one.
    private func callContinued(by piece: ToolCallPiece, at position: Int) -> Int? {
        guard let place = candidate(for: piece) else { return nil }
        // A fragment without a name never starts a new call if there is one to continue.
        guard let name = piece.name else { return place }
        let call = calls[place]
        let hasOtherID = piece.id != nil && call.id != nil && piece.id != call.id
        if hasOtherID || (piece.index == nil && piece.id == nil && position > 0) { return nil }
        // The name is either repeated, or itself sent in fragments until the first arguments arrive.
        guard name == call.name || call.arguments.joined.isEmpty else { return nil }
        guard !piece.arguments.isEmpty, call.arguments.isComplete else { return place }
        // Either the complete call repeated, or another identical one.
        return piece.id != nil && piece.id == call.id && call.arguments.isRepeated(by: piece.arguments) ? place : nil
    }

    private func candidate(for piece: ToolCallPiece) -> Int? {
        if piece.isLegacy { return calls.lastIndex { $0.isLegacy } }
        if let index = piece.index { return calls.lastIndex { $0.index == index && !$0.isLegacy } }
        if let id = piece.id, let place = calls.lastIndex(where: { $0.id == id && !$0.isLegacy }) { return place }
        // Without an index or a known id, a name starts a call and anything else belongs to the last one.
        return calls.lastIndex { !$0.isLegacy }
    }
}
