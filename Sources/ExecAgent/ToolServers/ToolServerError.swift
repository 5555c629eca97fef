/// A tool server could not do what it was asked.
struct ToolServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened and what to do.
    let message: String
    /// Whether what was asked for does not exist.
    var isNotFound = false

    var description: String { message }
}
