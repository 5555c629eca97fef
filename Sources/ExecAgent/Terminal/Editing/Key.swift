/// What a person does at the keyboard.
enum Key: Sendable, Equatable {
    /// Letters and signs.
    case text(String)
    /// Text that came at once from the clipboard; its lines end in `\n`.
    case paste(String)
    /// Says that the paste before was longer than it may be.
    case pasteCut
    /// Ctrl and a letter or sign, such as `A`.
    case control(Character)
    /// Alt, or Escape before, and a letter or sign.
    case alt(Character)
    case enter, newline, tab, backspace, delete, escape
    case left, right, up, down, home, end, wordLeft, wordRight, deleteWord, deleteNextWord
}
