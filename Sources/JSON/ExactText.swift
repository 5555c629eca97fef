/// A string compared by its bytes, as file systems compare names. Swift's own comparison uses canonical equivalence:
/// it treats an accented letter and the letter followed by a combining accent as equal.
public struct ExactText: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The string.
    public let string: String

    /// Wraps the string unchanged.
    public init(_ string: String) { self.string = string }

    /// Wraps the literal unchanged.
    public init(stringLiteral value: String) { self.init(value) }

    /// Whether the UTF-8 bytes are equal.
    public static func == (left: ExactText, right: ExactText) -> Bool {
        // Swift's comparison first: it is fast, and hardly ever true if the bytes differ.
        left.string == right.string && left.string.utf8.elementsEqual(right.string.utf8)
    }

    /// Uses the string's hash: strings with equal bytes are equal and have the same hash.
    public func hash(into hasher: inout Hasher) { string.hash(into: &hasher) }
}
