import SystemCalls

/// The reason why a host's file was left unchanged or can't be read.
public struct ConfigurationError: Error, Sendable, Equatable {
    /// The reason in one sentence without a final period.
    public let message: String

    init(_ message: String) {
        self.message = message
    }

    /// Creates an error with the system's reason for the call that has just failed.
    static func system(_ what: String) -> ConfigurationError {
        ConfigurationError("\(what): \(SystemError.last)")
    }
}

/// The reason why a text can't be edited, independent of the file that it comes from.
struct EditError: Error, Equatable {
    /// The problem, as part of a sentence.
    let reason: String
    /// The line, counted from 1; `nil` if the problem concerns the whole text.
    let line: Int?

    init(_ reason: String, line: Int? = nil) {
        self.reason = reason
        self.line = line
    }
}
