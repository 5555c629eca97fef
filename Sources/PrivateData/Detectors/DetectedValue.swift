/// A value that was found in a text.
struct DetectedValue: Sendable, Equatable {
    /// Where it is, in bytes.
    let range: Range<Int>
    let kind: PrivateDataKind
    /// The servers that may get it, if it doesn't enter the sandbox; `nil` if it may.
    var servers: Set<String>?
}
