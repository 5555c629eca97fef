/// What stands behind a mark that ends a text.
enum EndOfText {
    enum Following {
        /// More has to come to know.
        case more
        /// Nothing but white space and other such marks.
        case nothing
        /// What somebody else says: the model goes on with the conversation by itself.
        case others
        /// Another mark, or what looks like one.
        case mark
        case words
    }

    /// Marks and white space in a row that are looked at.
    private static let maxMarks = 8
    private static let longestBlank = 64

    static func following(_ text: [UInt8], _ end: Int, _ isWhole: Bool) -> Following {
        var at = end
        for _ in 0..<maxMarks {
            let blank = text[at...].prefix(longestBlank)
            guard let next = blank.firstIndex(where: { $0 > 0x20 }) else {
                return isWhole || blank.count == longestBlank ? .nothing : .more
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
