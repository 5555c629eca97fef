public import JSON

/// The id that ties a response to its request: a string or an integer, never null (MCP narrows JSON-RPC here).
public enum RequestID: Hashable, Sendable, CustomStringConvertible {
    case integer(Int)
    case string(String)
    /// An id that would come back as another one if it were read: an integer written as `5.0` or `1e3`, one beyond 64 bits,
    /// a string with half a surrogate pair. The text as it stands in the message.
    case verbatim(String)

    /// The longest id that is served, in bytes: it is kept while the request is worked on, and written with each
    /// notification that belongs to it.
    public static let maximumLength = 1024

    /// Reads an id; `nil` for anything that is none.
    public init?(_ value: JSON?) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .string(let text): self = .string(text)
        case .verbatim(let text): self = .verbatim(text)
        default: return nil
        }
    }

    /// The id as it came.
    public var json: JSON {
        switch self {
        case .integer(let number): .integer(number)
        case .string(let text): .string(text)
        case .verbatim(let text): .verbatim(text)
        }
    }

    /// Whether it is an id that is kept as it was written and reads as `value`, as another message may have it.
    public func isWritten(for value: JSON) -> Bool {
        guard case .verbatim(let text) = self else { return false }
        return (try? JSON.parse(text, .lenient)) == value
    }

    /// By bytes.
    public static func == (left: RequestID, right: RequestID) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left == right
        case (.string(let left), .string(let right)), (.verbatim(let left), .verbatim(let right)):
            ExactText(left) == ExactText(right)
        default: false
        }
    }

    /// As ``==(_:_:)`` has it.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .integer(let number): number.hash(into: &hasher)
        case .string(let text), .verbatim(let text): text.hash(into: &hasher)
        }
    }

    /// How many bytes it has.
    var length: Int {
        switch self {
        case .integer: 8
        case .string(let text), .verbatim(let text): text.utf8.count
        }
    }

    /// The id in text.
    public var description: String { json.text }
}

/// A call that wants an answer.
public struct Request: Sendable, Equatable {
    /// What the answer must carry.
    public let id: RequestID
    /// What to do.
    public let method: String
    /// With what; empty where the request has none.
    public let params: JSONObject

    /// A request.
    public init(id: RequestID, method: String, params: JSONObject = JSONObject()) {
        self.id = id
        self.method = method
        self.params = params
    }

    /// The parameter called `name`; `nil` where it is left out or null, which clients write for the same.
    public subscript(_ name: String) -> JSON? { params.given(name) }

    /// The message as it is written.
    public var json: JSON {
        var message: JSONObject = ["jsonrpc": "2.0", "id": id.json, "method": .string(method)]
        if !params.isEmpty { message["params"] = .object(params) }
        return .object(message)
    }
}

/// A message that gets no answer.
public struct Notification: Sendable, Equatable {
    /// What has happened.
    public let method: String
    /// The particulars; empty where there are none.
    public let params: JSONObject

    /// A notification.
    public init(method: String, params: JSONObject = JSONObject()) {
        self.method = method
        self.params = params
    }

    /// The message as it is written.
    public var json: JSON {
        params.isEmpty
            ? ["jsonrpc": "2.0", "method": .string(method)]
            : ["jsonrpc": "2.0", "method": .string(method), "params": .object(params)]
    }
}

/// An error as a response carries it.
public struct RPCError: Error, Sendable, Equatable {
    /// What kind of error it is.
    public let code: Int
    /// What happened, for a person.
    public let message: String
    /// Particulars for the program on the other side.
    public let data: JSON?

    /// An error.
    public init(code: Int, message: String, data: JSON? = nil) {
        self.code = code
        self.message = message
        self.data = data
    }

    /// Reads an error; `nil` for anything that is none. A message that is missing is an empty one.
    public init?(_ value: JSON) {
        guard let code = value["code"]?.integerValue else { return nil }
        guard let text = value["message"] else {
            self.init(code: code, message: "", data: value["data"])
            return
        }
        guard let message = text.stringValue else { return nil }
        self.init(code: code, message: message, data: value["data"])
    }

    /// Reads what stands in the place of an error and is not written as one: a text, a code that is none.
    init(lenient value: JSON) {
        let code = value["code"]
        self.init(
            code: code?.integerValue ?? code?.stringValue.flatMap { Int($0) } ?? 0,
            message: value.stringValue ?? value["message"]?.stringValue ?? value.text, data: value["data"])
    }

    /// The error as it is written.
    public var json: JSON {
        var body: JSONObject = ["code": .integer(code), "message": .string(message)]
        body["data"] = data
        return .object(body)
    }

    /// The text is no JSON.
    public static func parseError(_ message: String) -> RPCError { RPCError(code: -32700, message: message) }
    /// The JSON is no request.
    public static func invalidRequest(_ message: String) -> RPCError { RPCError(code: -32600, message: message) }
    /// There is no such method.
    public static func methodNotFound(_ message: String) -> RPCError { RPCError(code: -32601, message: message) }
    /// The parameters are not what the method takes.
    public static func invalidParams(_ message: String, data: JSON? = nil) -> RPCError {
        RPCError(code: -32602, message: message, data: data)
    }
    /// Something failed here that the caller has no part in.
    public static func internalError(_ message: String) -> RPCError { RPCError(code: -32603, message: message) }
}

/// The answer to a request.
public struct Response: Sendable, Equatable {
    /// The request's id; `nil` where it could not be read.
    public let id: RequestID?
    /// The result or the error.
    public let outcome: Result<JSONObject, RPCError>

    /// An answer.
    public init(id: RequestID?, _ outcome: Result<JSONObject, RPCError>) {
        self.id = id
        self.outcome = outcome
    }

    /// The message as it is written.
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
