/// Why a text is not the YAML that is accepted here.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was wrong, and where it helps, what to write instead.
    public let reason: String
    /// The line of the file on which it was found, counted from 1.
    public let line: Int

    /// The line with the reason.
    public var description: String { "line \(line): \(reason)" }
}
