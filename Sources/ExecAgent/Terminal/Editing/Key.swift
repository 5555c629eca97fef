/// A keyboard event.
enum Key: Sendable, Equatable {
    /// Typed characters.
    case text(String)
    /// Text pasted from the clipboard; its lines end in `\n`.
    case paste(String)
    /// The previous paste was truncated because it was too long.
    case pasteCut
    /// Ctrl and a character, such as `A`.
    case control(Character)
    /// Alt, or a preceding Escape, and a character.
    case alt(Character)
    case enter, newline, tab, backspace, delete, escape
    case left, right, up, down, home, end, wordLeft, wordRight, deleteWord, deleteNextWord
}
