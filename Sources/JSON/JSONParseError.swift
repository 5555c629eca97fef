/// Why a text is not the JSON that is accepted here.
public struct JSONParseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong, as part of a sentence: `unexpected character`.
    public let reason: String
    /// How many bytes into the text it was found.
    public let offset: Int

    /// The reason with its place.
    public var description: String { "\(reason) at byte \(offset)" }
}
