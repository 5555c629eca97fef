/// A text that is told apart from others by its bytes, as file systems tell names apart. To Swift two strings are one
/// that mean the same letters, such as an accented one and the letter with its accent behind it.
public struct ExactText: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The text.
    public let string: String

    /// The text as it is.
    public init(_ string: String) { self.string = string }

    /// The text as it is.
    public init(stringLiteral value: String) { self.init(value) }

    /// Whether the bytes are the same.
    public static func == (left: ExactText, right: ExactText) -> Bool {
        // Swift's own comparison first: it is quick, and hardly ever holds where the bytes differ.
        left.string == right.string && left.string.utf8.elementsEqual(right.string.utf8)
    }

    /// As for a string: what has the same bytes is the same string.
    public func hash(into hasher: inout Hasher) { string.hash(into: &hasher) }
}
