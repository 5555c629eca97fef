public import JSON

/// One message from the other side, by what kind it is.
public enum IncomingMessage: Sendable, Equatable {
    case request(Request)
    case notification(Notification)
    /// An answer to a request of ours, and what it says: `nil` where that is neither a result nor an error. A server
    /// that asks nothing can pass over it.
    case response(RequestID?, Result<JSONObject, RPCError>?)
    /// Several messages in an array, each by itself.
    case batch([IncomingMessage])
    /// What is no message, with the answer that it gets.
    case invalid(Response)

    /// Reads one line.
    public static func parse(_ line: [UInt8]) -> IncomingMessage {
        do {
            let value = try JSON.parse(line)
            guard case .array(let elements) = value else { return classify(value) }
            guard !elements.isEmpty else { return invalid(nil, "A batch must not be empty.") }
            return .batch(elements.map(classify))
        } catch {
            return .invalid(Response(id: nil, .failure(.parseError("The line is not valid JSON: \(error)."))))
        }
    }

    private static func classify(_ value: JSON) -> IncomingMessage {
        guard let object = value.objectValue else {
            return invalid(nil, "A message must be a JSON object, not \(value.kindDescription).")
        }
        let id = RequestID(object["id"])
        guard object["jsonrpc"] == "2.0" else { return invalid(id, "A message must have \"jsonrpc\": \"2.0\".") }
        guard let methodValue = object["method"] else {
            if object["result"] != nil || object["error"] != nil { return .response(id, outcome(object)) }
            return invalid(id, "A message must have a method.")
        }
        guard let method = methodValue.stringValue else {
            return invalid(id, "method must be a string, not \(methodValue.kindDescription).")
        }
        let params: JSONObject
        switch object["params"] {
        case nil: params = JSONObject()
        case .object(let members): params = members
        case .some(let other):
            guard id != nil || object["id"] != nil else { return .notification(Notification(method: method)) }
            let error = RPCError.invalidParams("params must be an object, not \(other.kindDescription).")
            return .invalid(Response(id: id, .failure(error)))
        }
        guard let idValue = object["id"] else { return .notification(Notification(method: method, params: params)) }
        guard let id else {
            return invalid(nil, "id must be a string or an integer, not \(idValue.kindDescription).")
        }
        return .request(Request(id: id, method: method, params: params))
    }

    /// What a response says; `nil` where it breaks JSON-RPC: both a result and an error, or one of the wrong form.
    private static func outcome(_ response: JSONObject) -> Result<JSONObject, RPCError>? {
        switch (response["result"], response["error"]) {
        case (.object(let result), nil): .success(result)
        case (nil, let error?): RPCError(error).map { .failure($0) }
        default: nil
        }
    }

    private static func invalid(_ id: RequestID?, _ reason: String) -> IncomingMessage {
        .invalid(Response(id: id, .failure(.invalidRequest(reason))))
    }
}
