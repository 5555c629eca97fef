import JSON

/// Why no answer came of what a server sent.
public enum AnswerError: Error, Sendable, Equatable {
    /// The stream ended before the answer did.
    case lost
    /// The server says that the answer broke off, in its word.
    case failed(String)
    /// The answer is over a limit, named in the text.
    case tooLarge(String)
    /// It is no answer of this API; with the reason.
    case malformed(String)
}

/// Puts the pieces of a streamed answer together.
///
/// Servers number the calls, or give ids, or neither; they repeat the id or the name with each piece, give each piece an
/// id of its own, or number all calls alike. What a piece belongs to is decided by all of that together.
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
    private var extra = MemberMerger()
    private var finishReason: FinishReason?
    private var usage: TokenUsage?
    /// Whether something came that stands behind an answer alone.
    private var hasEnded = false
    /// A character of which half came.
    private var half = ""

    /// Nothing yet.
    ///
    /// - Parameter tools: what the model may call, to find calls that it writes as text.
    public init(limits: AnswerLimits = AnswerLimits(), tools: [FunctionTool] = []) {
        self.limits = limits
        self.tools = tools
        text = AnswerText(tools: tools)
    }

    /// Whether the server said why the model stopped: nothing of the answer comes behind it.
    public var hasFinishReason: Bool { finishReason != nil }

    /// Whether any text was told, so that asking again would be telling twice.
    public var hasTold: Bool { text.hasTold }

    /// Takes in the next chunk.
    ///
    /// - Returns: the text that can be told by now: without thoughts, and without what may be calls.
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

    /// The answer, now that the stream has ended, and what of its text was not told yet.
    ///
    /// - Parameter isDone: whether the server said that it is the end.
    /// - Throws: ``AnswerError/lost`` where no end of the answer has come, ``AnswerError/failed(_:)`` where the server
    ///   says that it broke off.
    public mutating func completion(isDone: Bool) throws(AnswerError) -> (rest: String, answer: ChatCompletion) {
        if case .other(let word)? = finishReason, finishReason?.isFailure == true { throw .failed(word) }
        if finishReason == nil {
            // What merely stops may be half an answer, and half of the calls.
            guard isDone || hasEnded, !text.raw.isEmpty || !calls.isEmpty || !extra.isEmpty else { throw .lost }
        }
        let last = text.add(CharacterHalves.joined(half))
        half = ""
        let ending = text.finish()
        var toolCalls = calls.map {
            ToolCall(
                id: $0.id ?? "", name: $0.name, arguments: CharacterHalves.joined($0.arguments.text),
                extra: CharacterHalves.joined($0.extra.object))
        }
        // Where the server has calls of its own, those in the text are the same once more.
        if toolCalls.isEmpty { toolCalls = ending.calls }
        guard toolCalls.count <= limits.toolCalls else { throw .tooLarge("more than \(limits.toolCalls) tool calls") }
        var reason = finishReason
        if !toolCalls.isEmpty, reason == nil || reason == .stop { reason = .toolCalls }
        Self.giveIDs(to: &toolCalls)
        var answer = ChatCompletion(
            message: message(text.shown, calling: toolCalls), finishReason: reason, usage: usage)
        answer.hasUnreadCall = ending.hasUnreadCall && toolCalls.isEmpty
        return (last + ending.told, answer)
    }

    private func message(_ told: String, calling toolCalls: [ToolCall]) -> ChatMessage {
        var message = ChatMessage(
            role: .assistant, content: told.isEmpty ? [] : [.text(told)], toolCalls: toolCalls)
        message.extra = CharacterHalves.joined(extra.object)
        guard !text.thought.isEmpty else { return message }
        // As it came; calls that stood in it are calls now.
        if calls.count == toolCalls.count { message.rawText = text.raw }
        if message.reasoning.isEmpty, told.isEmpty, toolCalls.isEmpty {
            message.extra["reasoning"] = .string(text.thought)
        }
        return message
    }

    /// Each call gets an id that no other has: the results are told apart by it.
    private static func giveIDs(to calls: inout [ToolCall]) {
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
        guard calls.reduce(extra.byteCount, { $0 + $1.extra.byteCount }) <= limits.memberBytes else {
            throw .tooLarge("more than \(limits.memberBytes) bytes of reasoning and other members")
        }
    }

    // MARK: - Pieces of calls

    private mutating func add(_ piece: ToolCallPiece, at position: Int) throws(AnswerError) {
        // Some servers say each call in the old form as well as in the new one.
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
            // A piece that says nothing begins nothing.
            guard piece.name != nil || piece.id != nil || !piece.arguments.isEmpty else { return }
            guard calls.count < limits.toolCalls else { throw .tooLarge("more than \(limits.toolCalls) tool calls") }
            calls.append(
                Call(
                    index: piece.index, id: piece.id, name: piece.name ?? "", arguments: CallArguments(piece.arguments),
                    isLegacy: piece.isLegacy))
            return try add(piece.extra, to: \.calls[calls.count - 1].extra)
        }
        calls[place].id = calls[place].id ?? piece.id
        if let name = piece.name, name != calls[place].name { calls[place].name += name }
        calls[place].arguments.add(piece.arguments)
        try add(piece.extra, to: \.calls[place].extra)
    }

    /// Which call a piece goes on with; nil where it begins one.
    private func callContinued(by piece: ToolCallPiece, at position: Int) -> Int? {
        guard let place = candidate(for: piece) else { return nil }
        // A piece without a name never begins a call that has an earlier piece.
        guard let name = piece.name else { return place }
        let call = calls[place]
        let hasOtherID = piece.id != nil && call.id != nil && piece.id != call.id
        if hasOtherID || (piece.index == nil && piece.id == nil && position > 0) { return nil }
        // The name is repeated, or comes in pieces itself as long as there are no arguments.
        guard name == call.name || call.arguments.joined.isEmpty else { return nil }
        guard !piece.arguments.isEmpty, call.arguments.isComplete else { return place }
        // All of the call once more, or another one like it.
        return piece.id != nil && piece.id == call.id && call.arguments.isRepeated(by: piece.arguments) ? place : nil
    }

    private func candidate(for piece: ToolCallPiece) -> Int? {
        if piece.isLegacy { return calls.lastIndex { $0.isLegacy } }
        if let index = piece.index { return calls.lastIndex { $0.index == index && !$0.isLegacy } }
        if let id = piece.id, let place = calls.lastIndex(where: { $0.id == id && !$0.isLegacy }) { return place }
        // Without a number and a known id, a name begins a call and anything else belongs to the last one.
        return calls.lastIndex { !$0.isLegacy }
    }
}
