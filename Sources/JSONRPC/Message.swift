public import JSON

/// The id that ties a response to its request: a string or an integer, never null (MCP narrows JSON-RPC here).
public enum RequestID: Hashable, Sendable, CustomStringConvertible {
    case integer(Int)
    case string(String)
    /// An id that parsing would change: an integer written as `5.0` or `1e3`, one beyond 64 bits, a string with an
    /// unpaired surrogate. Holds the original text.
    case verbatim(String)

    /// The maximum length of an id in bytes: it is kept while the request is processed, and repeated in each related
    /// notification.
    public static let maximumLength = 1024

    /// Parses an id; `nil` if the value isn't a valid one.
    public init?(_ value: JSON?) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .string(let text): self = .string(text)
        case .verbatim(let text): self = .verbatim(text)
        default: return nil
        }
    }

    /// The id as received.
    public var json: JSON {
        switch self {
        case .integer(let number): .integer(number)
        case .string(let text): .string(text)
        case .verbatim(let text): .verbatim(text)
        }
    }

    /// Whether this is a verbatim id that parses to `value`, which is how another message may contain it.
    public func isWritten(for value: JSON) -> Bool {
        guard case .verbatim(let text) = self else { return false }
        return (try? JSON.parse(text, .lenient)) == value
    }

    /// Compares strings by their bytes.
    public static func == (left: RequestID, right: RequestID) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)), (.verbatim(let left), .verbatim(let right)):
            ExactText(left) == ExactText(right)
        default: false
        }
    }

    /// Consistent with ``==(_:_:)``.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let number): number.hash(into: &hasher)
        case .string(let text), .verbatim(let text): text.hash(into: &hasher)
        }
    }

    /// The length in bytes.
    var length: Int {
        switch self {
        case .integer: 8
        case .string(let text), .verbatim(let text): text.utf8.count
        }
    }

    /// The id as JSON text.
    public var description: String { json.text }
}

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
