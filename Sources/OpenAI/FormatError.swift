/// A value that doesn't conform to the API.
public struct FormatError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Path of the invalid member, such as `messages[2].content`; empty for the whole body.
    public let field: String
    /// What is wrong with it, as the predicate of a sentence: `must be a string, not an integer`.
    public let problem: String

    /// Creates an error.
    public init(field: String, problem: String) {
        self.field = field
        self.problem = problem
    }

    /// The path and the problem as one sentence.
    public var description: String { field.isEmpty ? "The body \(problem)." : "'\(field)' \(problem)." }
}
