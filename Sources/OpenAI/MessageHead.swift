/// The head of a message part: `<|start|>assistant<|channel|>commentary to=functions.run<|message|>`.
struct MessageHead: Sendable, Equatable {
    /// The tool that the part is addressed to; `nil` for none.
    let recipient: String?
    /// Whether the part is a thought.
    let isThought: Bool
    /// Position after the last byte.
    let end: Int

    enum Reading: Sendable, Equatable {
        case none, more
        case head(MessageHead)
    }

    private static let maxBytes = 300
    private static let thoughts: Set<String> = ["analysis", "thought", "thinking", "think", "reflection"]
    /// Speakers other than the model.
    private static let others: Set<String> = [
        "user", "system", "tool", "developer", "human", "function", "observation", "ipython", "environment",
    ]
    private static let speakers: Set<String> = ["assistant", "model"]

    /// Whether another speaker than the model follows a mark; `nil` if more input is needed.
    static func isOfOthers(_ text: [UInt8], at start: Int, _ isWhole: Bool) -> Bool? {
        let word = text[start...].prefix(16).prefix { 0x61...0x7A ~= $0 || 0x41...0x5A ~= $0 }
        guard word.endIndex < text.count || isWhole else { return nil }
        return others.contains(String(decoding: word, as: UTF8.self).lowercased())
    }

    /// Parses what follows the first mark.
    static func read(_ text: [UInt8], at start: Int, of first: Mark.Kind, _ isWhole: Bool) -> Reading {
        var words: [UInt8] = []
        var marks = 0
        var place = start
        while place < text.count, place - start < maxBytes {
            let byte = text[place]
            if byte == 0x0A || byte == 0x0D {
                let (head, names) = said(words, end: place + 1)
                let isOwn = first == .channel ? head.isThought : names.isEmpty && !words.isEmpty
                return isOwn || head.recipient != nil ? .head(head) : .none
            }
            // Arguments start without a mark.
            if byte == 0x7B {
                let head = said(words, end: place).0
                return head.recipient == nil ? .none : .head(head)
            }
            guard Mark.mayBegin(with: byte) else {
                words.append(byte)
                place += 1
                continue
            }
            switch Mark.read(text, at: place, isWhole: isWhole) {
            case .partial: return .more
            case .none: return .none
            case .mark(let mark):
                if mark.kind == .calls, !mark.isEnd {
                    let (head, names) = said(words, end: place)
                    return names.isEmpty ? .head(head) : .none
                }
                if mark.kind == .message { return .head(said(words, end: mark.end).0) }
                marks += 1
                guard [.channel, .separator].contains(mark.kind), marks <= 3 else { return .none }
                words.append(0x20)
                place = mark.end
            }
        }
        return isWhole || place - start >= maxBytes ? .none : .more
    }

    /// - Returns: the head, and its words other than the speaker.
    private static func said(_ bytes: [UInt8], end: Int) -> (MessageHead, [String]) {
        let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
        let recipient = words.lazy.compactMap { word in
            word.firstRange(of: "to=").map { String(word[$0.upperBound...]) }
        }.first { !$0.isEmpty }
        let names = words.filter { !speakers.contains($0) }
        let isThought = names.first.map { thoughts.contains($0.lowercased()) } ?? false
        return (MessageHead(recipient: recipient, isThought: isThought, end: end), names)
    }
}
