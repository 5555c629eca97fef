import JSON

/// Why no answer came of what a server sent.
public enum AnswerError: Error, Sendable, Equatable {
    /// The stream ended before the answer did.
    case lost
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
        var arguments = ""
        let isLegacy: Bool

        /// Whether the arguments say a whole object, so that nothing can follow.
        var isComplete: Bool {
            arguments.utf8.last(where: { $0 > 0x20 }) == UInt8(ascii: "}")
                && (try? JSON.parse(arguments))?.objectValue != nil
        }
    }

    /// Bytes of arguments up to which a call is looked at for its end.
    private static let largestCheck = 16 << 10

    private let limits: AnswerLimits
    private var text = ""
    private var calls: [Call] = []
    private var argumentBytes = 0
    private var finishReason: FinishReason?
    private var usage: TokenUsage?

    /// Nothing yet.
    public init(limits: AnswerLimits = AnswerLimits()) {
        self.limits = limits
    }

    /// Whether anything of an answer has come, so that asking again would be asking twice.
    public var hasBegun: Bool { !text.isEmpty || !calls.isEmpty }

    /// Takes in the next chunk.
    ///
    /// - Throws: ``AnswerError/tooLarge(_:)``.
    public mutating func add(_ chunk: ChatChunk) throws(AnswerError) {
        // Some servers send a usage with each chunk: the last one counts.
        usage = chunk.usage ?? usage
        finishReason = chunk.finishReason ?? finishReason
        guard let delta = chunk.delta else { return }
        guard text.utf8.count + delta.text.utf8.count <= limits.textBytes else {
            throw .tooLarge("more than \(limits.textBytes) bytes of text")
        }
        text += delta.text
        for (position, piece) in delta.toolCalls.enumerated() { try add(piece, at: position) }
    }

    /// The answer, now that the stream has ended.
    ///
    /// - Parameter isDone: whether the server said that it is the end.
    /// - Throws: ``AnswerError/lost`` where the end of the answer cannot have come.
    public func completion(isDone: Bool) throws(AnswerError) -> ChatCompletion {
        if finishReason == nil {
            guard hasBegun else { throw .lost }
            // Not every server says that it is done; but a call that is cut is none to be made.
            guard isDone || calls.allSatisfy({ $0.isComplete || $0.arguments.isEmpty }) else { throw .lost }
        }
        var reason = finishReason
        if !calls.isEmpty, reason == nil || reason == .stop { reason = .toolCalls }
        return ChatCompletion(
            message: ChatMessage(
                role: .assistant, content: text.isEmpty ? [] : [.text(text)], toolCalls: finishedCalls()),
            finishReason: reason, usage: usage)
    }

    /// Each call gets an id that no other has: the results are told apart by it.
    private func finishedCalls() -> [ToolCall] {
        var taken: Set<String> = []
        return calls.map { call in
            var id = call.id ?? ""
            while id.isEmpty || !taken.insert(id).inserted {
                id = "call_" + String(UInt64.random(in: .min ... .max), radix: 36)
            }
            return ToolCall(id: id, name: call.name, arguments: call.arguments)
        }
    }

    // MARK: - Pieces of calls

    private mutating func add(_ piece: ToolCallPiece, at position: Int) throws(AnswerError) {
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
                    index: piece.index, id: piece.id, name: piece.name ?? "", arguments: piece.arguments,
                    isLegacy: piece.isLegacy))
            return
        }
        calls[place].id = calls[place].id ?? piece.id
        if let name = piece.name, name != calls[place].name { calls[place].name += name }
        calls[place].arguments += piece.arguments
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
        guard name == call.name || call.arguments.isEmpty else { return nil }
        // Whether a call is complete is asked of short ones alone: with each piece of a long one it would take long.
        let canBeComplete = !piece.arguments.isEmpty && call.arguments.utf8.count <= Self.largestCheck
        return canBeComplete && call.isComplete ? nil : place
    }

    private func candidate(for piece: ToolCallPiece) -> Int? {
        if piece.isLegacy { return calls.lastIndex { $0.isLegacy } }
        if let index = piece.index { return calls.lastIndex { $0.index == index && !$0.isLegacy } }
        if let id = piece.id, let place = calls.lastIndex(where: { $0.id == id && !$0.isLegacy }) { return place }
        // Without a number and a known id, a name begins a call and anything else belongs to the last one.
        return calls.lastIndex { !$0.isLegacy }
    }
}
