/// What came is not what the API asks for.
public struct FormatError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where it stands, as `messages[2].content`; empty for the whole.
    public let field: String
    /// What is wrong with it, as the rest of a sentence: `must be a string, not an integer`.
    public let problem: String

    /// An error.
    public init(field: String, problem: String) {
        self.field = field
        self.problem = problem
    }

    /// Both in one sentence.
    public var description: String { field.isEmpty ? "The body \(problem)." : "'\(field)' \(problem)." }
}
