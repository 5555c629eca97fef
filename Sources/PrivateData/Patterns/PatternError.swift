/// Why a pattern can't be used.
public struct PatternError: Error, Sendable, Equatable {
    /// The reason, as the end of a sentence: "it is empty".
    public let reason: String
}
