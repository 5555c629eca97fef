/// Text with a cursor. Positions count user-perceived characters: a letter with its accents, an emoji with all of its
/// parts.
struct EditBuffer: Sendable, Equatable {
    private(set) var characters: [Character] = []
    /// Number of characters before the cursor.
    private(set) var cursor = 0

    var text: String { String(characters) }
    var isEmpty: Bool { characters.isEmpty }
    var beforeCursor: String { String(characters[..<cursor]) }
    /// Whether the cursor is at the end.
    var isAtEnd: Bool { cursor == characters.count }

    /// Creates a buffer with the cursor at the end.
    init(_ text: String = "") {
        characters = Array(text)
        cursor = characters.count
    }

    mutating func insert(_ text: String) {
        // A combining accent merges with the letter before it, and a joiner with the emoji on both sides.
        let start = max(0, cursor - 1)
        let end = min(characters.count, cursor + 1)
        let head = String(characters[start..<cursor]) + text
        let whole = Array(head + String(characters[cursor..<end]))
        let headSize = head.unicodeScalars.count
        var size = 0
        var count = 0
        while count < whole.count, size < headSize {
            size += whole[count].unicodeScalars.count
            count += 1
        }
        characters.replaceSubrange(start..<end, with: whole)
        cursor = start + count
    }

    /// Deletes the characters between the cursor and a position.
    ///
    /// - Returns: the deleted text.
    @discardableResult
    mutating func delete(to place: Int) -> String {
        let (start, end) = (max(0, min(place, cursor)), min(characters.count, max(place, cursor)))
        let deleted = String(characters[start..<end])
        characters.removeSubrange(start..<end)
        cursor = start
        return deleted
    }

    mutating func move(to place: Int) {
        cursor = max(0, min(place, characters.count))
    }

    /// Swaps the characters around the cursor.
    mutating func transpose() {
        guard cursor > 0, characters.count > 1 else { return }
        let right = isAtEnd ? cursor - 1 : cursor
        characters.swapAt(right - 1, right)
        cursor = right + 1
    }

    // MARK: Positions

    var lineStart: Int { (characters[..<cursor].lastIndex(of: "\n") ?? -1) + 1 }
    var lineEnd: Int { characters[cursor...].firstIndex(of: "\n") ?? characters.count }

    var previousWord: Int {
        var place = cursor
        while place > 0, !Self.isInWord(characters[place - 1]) { place -= 1 }
        while place > 0, Self.isInWord(characters[place - 1]) { place -= 1 }
        return place
    }

    var nextWord: Int {
        var place = cursor
        while place < characters.count, !Self.isInWord(characters[place]) { place += 1 }
        while place < characters.count, Self.isInWord(characters[place]) { place += 1 }
        return place
    }

    /// The start of the whitespace-delimited word before the cursor.
    var previousBlank: Int {
        var place = cursor
        while place > 0, characters[place - 1].isWhitespace { place -= 1 }
        while place > 0, !characters[place - 1].isWhitespace { place -= 1 }
        return place
    }

    /// The same column in the line above; `nil` in the first line.
    var above: Int? {
        let start = lineStart
        guard start > 0 else { return nil }
        let previous = (characters[..<(start - 1)].lastIndex(of: "\n") ?? -1) + 1
        return min(previous + cursor - start, start - 1)
    }

    /// The same column in the line below; `nil` in the last line.
    var below: Int? {
        let end = lineEnd
        guard end < characters.count else { return nil }
        let next = characters[(end + 1)...].firstIndex(of: "\n") ?? characters.count
        return min(end + 1 + cursor - lineStart, next)
    }

    private static func isInWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber
    }
}
