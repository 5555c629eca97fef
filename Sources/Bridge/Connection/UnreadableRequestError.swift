import JSON
import JSONRPC

/// Why a line is not a request.
struct UnreadableRequestError: Error, Sendable, Equatable {
    /// The id in the line, so that its sender doesn't wait forever; `nil` if none can be found.
    let id: RequestID?
    let error: BridgeError

    init(id: RequestID?, error: BridgeError) {
        self.id = id
        self.error = error
    }

    /// The error of a line that can't be parsed.
    init(_ line: [UInt8], _ failure: JSONParseError) {
        id = MessageScanner.id(in: line)
        error =
            failure.isOverLimit
            ? BridgeError(
                .input,
                """
                A request may hold at most \(BridgeRequest.valueLimit) values, and this one holds more. Send them in \
                several calls, or as text.
                """)
            : BridgeError(.malformed, "A line is not valid JSON: \(failure)")
    }
}
