/// A part of a line of Markdown that is held back, as long as what follows may change how it looks.
enum InlineToken: Sendable {
    case text(String)
    /// Marks that may begin a span, until its end is found.
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

    /// What an open one is if nothing comes of it.
    var literal: String {
        switch self {
        case .opener(let mark, let count): String(repeating: Character(mark), count: count)
        case .bracket(let isPicture): isPicture ? "![" : "["
        case .text(let text): text
        case .on, .off: ""
        }
    }
}
