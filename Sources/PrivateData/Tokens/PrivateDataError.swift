/// Why what a client sent can't be used.
public struct PrivateDataError: Error, Sendable, Equatable {
    /// The reason, with the remedy, for the model.
    public let message: String
}

extension PrivateDataError {
    static func unknown(_ token: String) -> PrivateDataError {
        let doubled = token.replacingFirstHyphen
        return PrivateDataError(
            message: """
                \(token) is not a token of this session: copy tokens exactly as they were shown, or read the value \
                again. To write this text itself, double its hyphen: \(doubled)
                """)
    }

    static func unsafe(_ token: String) -> PrivateDataError {
        PrivateDataError(
            message: """
                The value of \(token) has characters that mean something to the shell where the token stands in this \
                command. Put the value in a file with write_file and read it from there, or write the token in single \
                quotes.
                """)
    }
}

extension String {
    fileprivate var replacingFirstHyphen: String {
        guard let hyphen = firstIndex(of: "-") else { return self }
        return self[..<hyphen] + "-" + self[hyphen...]
    }
}
