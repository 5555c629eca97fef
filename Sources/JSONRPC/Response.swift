public import JSON

/// The response to a request.
public struct Response: Sendable, Equatable {
    /// The request's id; `nil` if it couldn't be read.
    public let id: RequestID?
    /// The result or the error.
    public let outcome: Result<JSONObject, RPCError>

    /// A response.
    public init(id: RequestID?, _ outcome: Result<JSONObject, RPCError>) {
        self.id = id
        self.outcome = outcome
    }

    /// The message on the wire.
    public var json: JSON {
        var message: JSONObject = ["jsonrpc": "2.0"]
        message["id"] = id?.json
        switch outcome {
        case .success(let result):
            message["result"] = .object(result)
        case .failure(let error):
            message["error"] = error.json
        }
        return .object(message)
    }
}
