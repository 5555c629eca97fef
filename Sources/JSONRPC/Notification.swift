public import JSON

/// A message that expects no response.
public struct Notification: Sendable, Equatable {
    /// The event.
    public let method: String
    /// The parameters; empty if none.
    public let params: JSONObject

    /// A notification.
    public init(method: String, params: JSONObject = JSONObject()) {
        self.method = method
        self.params = params
    }

    /// The message on the wire.
    public var json: JSON {
        params.isEmpty
            ? ["jsonrpc": "2.0", "method": .string(method)]
            : ["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]
    }
}
