/// Where a text was cut off, so that a value may have been cut in two.
public struct TextCut: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int

    /// Creates a set from its bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// There was more before the text, on the same line.
    public static let start = TextCut(rawValue: 1)
    /// There was more after the text, on the same line.
    public static let end = TextCut(rawValue: 2)
}
