public import JSON

/// A JSON-RPC error.
public struct RPCError: Error, Sendable, Equatable {
    /// The error code.
    public let code: Int
    /// The message, for people.
    public let message: String
    /// Details for the peer program.
    public let data: JSON?

    /// An error.
    public init(code: Int, message: String, data: JSON? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// Parses an error; `nil` if the value isn't a valid one. A missing message becomes an empty one.
    public init?(_ value: JSON) {
        guard let code = value["code"]?.integerValue else { return nil }
        guard let text = value["message"] else {
            self.init(code: code, message: "", data: value["data"])
            return
        }
        guard let message = text.stringValue else { return nil }
        self.init(code: code, message: message, data: value["data"])
    }

    /// Parses a malformed error leniently: a plain text, or an invalid code.
    init(lenient value: JSON) {
        let code = value["code"]
        self.init(
            code: code?.integerValue ?? code?.stringValue.flatMap { Int($0) } ?? 0,
            message: value.stringValue ?? value["message"]?.stringValue ?? value.text, data: value["data"])
    }

    /// The error on the wire.
    public var json: JSON {
        var body: JSONObject = ["code": .integer(code), "message": .string(message)]
        body["data"] = data
        return .object(body)
    }

    /// Parse error (-32700): the text isn't valid JSON.
    public static func parseError(_ message: String) -> RPCError { RPCError(code: -32700, message: message) }
    /// Invalid request (-32600): the JSON isn't a valid request.
    public static func invalidRequest(_ message: String) -> RPCError { RPCError(code: -32600, message: message) }
    /// Method not found (-32601).
    public static func methodNotFound(_ message: String) -> RPCError { RPCError(code: -32601, message: message) }
    /// Invalid params (-32602): the method doesn't accept the parameters.
    public static func invalidParams(_ message: String, data: JSON? = nil) -> RPCError {
        RPCError(code: -32602, message: message, data: data)
    }
    /// Internal error (-32603): a failure that the caller didn't cause.
    public static func internalError(_ message: String) -> RPCError { RPCError(code: -32603, message: message) }
}
