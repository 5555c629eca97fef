/// A recording that can't be used.
public struct RecordingError: Error, Sendable, Equatable {
    /// What is wrong, with the line where that helps.
    public let message: String

    init(_ message: String) {
        self.message = message
    }

    init(line: Int, _ problem: String) {
        message = "line \(line): \(problem)"
    }
}
