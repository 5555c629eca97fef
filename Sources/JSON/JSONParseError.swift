/// Why a text isn't acceptable JSON.
public struct JSONParseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault, as part of a sentence: `unexpected character`.
    public let reason: String
    /// The byte offset of the fault.
    public let offset: Int
    /// Whether the text may be valid JSON but has more values than the limit.
    public let isOverLimit: Bool

    init(reason: String, offset: Int, isOverLimit: Bool = false) {
        self.reason = reason
        self.offset = offset
        self.isOverLimit = isOverLimit
    }

    /// The reason and the offset.
    public var description: String { "\(reason) at byte \(offset)" }
}
