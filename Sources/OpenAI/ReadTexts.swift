import JSON

/// The texts that a model has read from others: messages of users and results of tools.
///
/// A call that is also in one of them is a repetition, and isn't run. The author of such a text, for example of a file
/// that a tool has read, must not be able to make calls through a model that only shows the text.
public struct ReadTexts: Sendable {
    /// How much of a call is compared, in bytes without blanks.
    private static let comparedBytes = 512
    /// Shorter arguments prove nothing.
    private static let minArgumentBytes = 8
    /// How far from its arguments the name of a tool may stand, in bytes without blanks.
    private static let nameDistance = 128

    private let texts: [String]

    /// Collects the texts in a conversation.
    public init(_ messages: [ChatMessage] = []) {
        texts = messages.filter { [.user, .tool].contains($0.role) }.map(\.text)
    }

    /// The texts in the forms in which they are compared: as they are, without what stands before each line, and what
    /// is encoded in them.
    func compared() -> [[UInt8]] {
        var all: [[UInt8]] = []
        for text in texts {
            let plain = DecodedText.plain(text.utf8)
            all.append(DecodedText.packed(plain))
            if let bare = DecodedText.withoutLinePrefixes(plain) { all.append(DecodedText.packed(bare)) }
            all += DecodedText.encoded(in: plain).map { DecodedText.packed(DecodedText.plain($0)) }
        }
        return all.filter { !$0.isEmpty }
    }

    /// Whether calls that a model wrote stand in one of the texts.
    ///
    /// - Parameters:
    ///   - source: the calls as the model wrote them.
    ///   - texts: the result of ``compared()``.
    static func areRepeated(_ calls: [ChatToolCall], _ source: some Sequence<UInt8>, in texts: [[UInt8]]) -> Bool {
        guard !texts.isEmpty else { return false }
        let source = compared(source)
        if !source.isEmpty, texts.contains(where: { $0.firstRange(of: source) != nil }) { return true }
        return calls.contains { call in texts.contains { contains(call, $0) } }
    }

    private static func compared(_ text: some Sequence<UInt8>) -> [UInt8] {
        Array(DecodedText.packed(DecodedText.plain(text)).prefix(comparedBytes))
    }

    /// Whether the arguments of a call stand in a text, close to its name.
    private static func contains(_ call: ChatToolCall, _ text: [UInt8]) -> Bool {
        let arguments = compared(call.arguments.utf8)
        let name = compared(call.name.utf8)
        guard arguments.count >= minArgumentBytes, !name.isEmpty else { return false }
        var rest = text[...]
        while let found = rest.firstRange(of: arguments) {
            let start = max(text.startIndex, found.lowerBound - nameDistance)
            let end = min(text.endIndex, found.upperBound + nameDistance)
            if text[start..<found.lowerBound].firstRange(of: name) != nil
                || text[found.upperBound..<end].firstRange(of: name) != nil
            {
                return true
            }
            rest = text[found.upperBound...]
        }
        return false
    }
}
