/// Classifies what follows an end-of-text mark.
enum EndOfText {
    enum Following {
        /// More input is needed to decide.
        case more
        /// Only whitespace and further end-of-text marks.
        case nothing
        /// Another speaker's turn: the model continues the conversation by itself.
        case others
        /// Another mark, or something that looks like one.
        case mark
        case words
    }

    /// Maximum number of consecutive marks to examine, each with whitespace before it.
    private static let maxMarks = 8
    private static let maxBlankBytes = 64

    static func following(_ text: [UInt8], _ end: Int, _ isWhole: Bool) -> Following {
        var at = end
        for _ in 0..<maxMarks {
            let blank = text[at...].prefix(maxBlankBytes)
            guard let next = blank.firstIndex(where: { $0 > 0x20 }) else {
                return isWhole || blank.count == maxBlankBytes ? .nothing : .more
            }
            guard Mark.mayBegin(with: text[next]) else { return .words }
            switch Mark.read(text, at: next, isWhole: isWhole) {
            case .partial: return .more
            case .none: return text[next] == 0x3C ? .mark : .words
            case .mark(let mark):
                switch mark.kind {
                case .stop where ["user", "system", "observation"].contains(mark.word) && mark.end < text.count:
                    return .others
                case .stop: at = mark.end
                case .turn where mark.hasBars || mark.word == "startofturn":
                    return MessageHead.isOfOthers(text, at: mark.end, isWhole).map { $0 ? .others : .mark } ?? .more
                default: return text[next] == 0x3C ? .mark : .words
                }
            }
        }
        return .nothing
    }
}
