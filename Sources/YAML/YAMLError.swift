/// Why a text isn't acceptable YAML.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The fault and, if it helps, what to write instead.
    public let reason: String
    /// The line number in the file, counted from 1.
    public let line: Int

    /// The line and the reason.
    public var description: String { "line \(line): \(reason)" }
}
