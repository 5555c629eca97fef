import SystemCalls

/// Why a host's file was left as it is. One sentence without an end, that names the file.
public struct ConfigurationError: Error, Sendable, Equatable {
    /// The sentence.
    public let message: String

    init(_ message: String) {
        self.message = message
    }

    /// The sentence with the system's reason for the call that has just failed.
    static func system(_ what: String) -> ConfigurationError {
        ConfigurationError("\(what): \(SystemError.last)")
    }
}

/// Why a text cannot be edited, before anyone knows which file it is from.
struct EditError: Error, Equatable {
    /// What is wrong, as part of a sentence.
    let reason: String
    /// The line, counted from 1; `nil` where it is the whole text.
    let line: Int?

    init(_ reason: String, line: Int? = nil) {
        self.reason = reason
        self.line = line
    }
}
