public import JSON

/// A call that expects a response.
public struct Request: Sendable, Equatable {
    /// The id that the response must carry.
    public let id: RequestID
    /// The method to call.
    public let method: String
    /// The parameters; empty if none.
    public let params: JSONObject

    /// A request.
    public init(id: RequestID, method: String, params: JSONObject = JSONObject()) {
        self.id = id
        self.method = method
        self.params = params
    }

    /// The parameter named `name`; `nil` if it is missing or null, which clients use interchangeably.
    public subscript(_ name: String) -> JSON? { params.given(name) }

    /// The message on the wire.
    public var json: JSON {
        var message: JSONObject = ["jsonrpc": "2.0", "id": id.json, "method": .string(method)]
        if !params.isEmpty { message["params"] = .object(params) }
        return .object(message)
    }
}
