/// Why a text is not the JSON that is accepted here.
public struct JSONParseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong, as part of a sentence: `unexpected character`.
    public let reason: String
    /// How many bytes into the text it was found.
    public let offset: Int
    /// Whether the text may well be JSON, but has more values than the reader takes.
    public let isOverLimit: Bool

    init(reason: String, offset: Int, isOverLimit: Bool = false) {
        self.reason = reason
        self.offset = offset
        self.isOverLimit = isOverLimit
    }

    /// The reason with its place.
    public var description: String { "\(reason) at byte \(offset)" }
}
