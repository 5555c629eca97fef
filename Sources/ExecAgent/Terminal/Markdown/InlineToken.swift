/// A part of a line of Markdown that is held back while later input may change its style.
enum InlineToken: Sendable {
    case text(String)
    /// A delimiter run that may open a span, until its end is found.
    case opener(Unicode.Scalar, Int)
    case bracket(isPicture: Bool)
    case on(Style)
    case off(Style)

    var isOpen: Bool {
        switch self {
        case .opener, .bracket: true
        default: false
        }
    }

    /// The text of an open token that has no effect.
    var literal: String {
        switch self {
        case .opener(let mark, let count): String(repeating: Character(mark), count: count)
        case .bracket(let isPicture): isPicture ? "![" : "["
        case .text(let text): text
        case .on, .off: ""
        }
    }
}
