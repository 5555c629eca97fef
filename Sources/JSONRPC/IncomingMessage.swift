public import JSON

/// A message from the peer, classified by kind.
public enum IncomingMessage: Sendable, Equatable {
    case request(Request)
    case notification(Notification)
    /// A response to one of our requests, and its outcome; `nil` if that is neither a valid result nor an error. A
    /// server that sends no requests can ignore it.
    case response(RequestID?, Result<JSONObject, RPCError>?)
    /// A batch; each message is classified on its own.
    case batch([IncomingMessage])
    /// An invalid message, with the response to it.
    case invalid(Response)

    /// The maximum number of messages in a batch: the responses are kept until the last one is ready.
    public static let maxBatch = 1000

    /// Parses one line. The response to an unreadable message carries its id if one can be found: the peer must not
    /// wait for a response that it can't match.
    ///
    /// - Parameters:
    ///   - valueLimit: the maximum number of values in a message, those in arrays and objects included.
    ///   - anyVersion: whether to accept a message without `"jsonrpc": "2.0"` if it is unmistakable: a response with
    ///     an id, a protocol notification, a ping.
    ///   - deepValue: takes the place of each value that is nested too deeply; `nil` to reject a line with one.
    public static func parse(
        _ line: [UInt8], valueLimit: Int = .max, anyVersion: Bool = false, deepValue: JSON? = nil
    ) -> IncomingMessage {
        let value: JSON
        do {
            value = try JSON.parse(line, .exact, valueLimit: valueLimit, deepValue: deepValue)
        } catch {
            return unreadable(
                line,
                error.isOverLimit
                    ? .invalidRequest("A message may hold at most \(valueLimit) values; this one was ignored.")
                    : .parseError("The line is not valid JSON: \(error)."))
        }
        guard case .array(let elements) = value else { return classify(value, anyVersion) { line[...] } }
        guard !elements.isEmpty else { return invalid(nil, "A batch must not be empty.") }
        guard elements.count <= maxBatch else {
            return invalid(nil, "A batch may hold at most \(maxBatch) messages, not \(elements.count).")
        }
        var ranges: [Range<Int>]?
        return .batch(
            elements.enumerated().map { place, element in
                classify(element, anyVersion) {
                    let found = ranges ?? ArrayElements.ranges(in: line, atMost: maxBatch)
                    ranges = found
                    return line[found[place]]
                }
            })
    }

    /// Classifies a line that isn't valid JSON: one message, or each message of a batch, gets this error.
    private static func unreadable(_ line: [UInt8], _ error: RPCError) -> IncomingMessage {
        guard line.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "[") else {
            return .invalid(Response(id: MessageScanner.id(in: line), .failure(error)))
        }
        let ids = ArrayElements.ranges(in: line, atMost: maxBatch).compactMap { MessageScanner.id(in: line[$0]) }
        if ids.isEmpty { return .invalid(Response(id: nil, .failure(error))) }
        return .batch(ids.map { .invalid(Response(id: $0, .failure(error))) })
    }

    /// - Parameter text: returns the message's text in the line.
    private static func classify(
        _ value: JSON, _ anyVersion: Bool, _ text: () -> ArraySlice<UInt8>
    ) -> IncomingMessage {
        guard let object = value.objectValue else {
            return invalid(nil, "A message must be a JSON object, not \(value.kindDescription).")
        }
        let id = id(of: object, text)
        if let id, id.length > RequestID.maxLength {
            return invalid(
                id.length <= MessageScanner.maxIDLength ? id : nil,
                "An id may have at most \(RequestID.maxLength) bytes, not \(id.length).")
        }
        guard object["jsonrpc"] == "2.0" || (anyVersion && isUnmistakable(object, id)) else {
            return invalid(id, "A message must have \"jsonrpc\": \"2.0\".")
        }
        guard let methodValue = object["method"], methodValue != .null || !hasOutcome(object) else {
            if hasOutcome(object) { return .response(id, outcome(object)) }
            return invalid(id, "A message must have a method.")
        }
        guard let method = methodValue.stringValue else {
            return invalid(id, "method must be a string, not \(methodValue.kindDescription).")
        }
        // Null stands for an omitted member, such as a notification's id.
        let idValue = method.hasPrefix("notifications/") ? object.given("id") : object["id"]
        let params: JSONObject
        do throws(RPCError) {
            params = try object.object("params") ?? JSONObject()
        } catch {
            return idValue == nil
                ? .notification(Notification(method: method)) : .invalid(Response(id: id, .failure(error)))
        }
        guard let idValue else { return .notification(Notification(method: method, params: params)) }
        guard let id else {
            return invalid(nil, "id must be a string or an integer, not \(idValue.kindDescription).")
        }
        return .request(Request(id: id, method: method, params: params))
    }

    private static func id(of message: JSONObject, _ text: () -> ArraySlice<UInt8>) -> RequestID? {
        switch message["id"] {
        case .double: MessageScanner.id(in: text())
        case .string(let string) where string.unicodeScalars.contains("\u{FFFD}"): MessageScanner.id(in: text())
        case let value: RequestID(value)
        }
    }

    /// Whether an object is certainly a message even without a version. A log line may have any of these members.
    private static func isUnmistakable(_ object: JSONObject, _ id: RequestID?) -> Bool {
        guard let method = object.given("method") else { return id != nil && hasOutcome(object) }
        return method == "ping" || method.stringValue?.hasPrefix("notifications/") == true
    }

    private static func hasOutcome(_ message: JSONObject) -> Bool {
        message["result"] != nil || message["error"] != nil
    }

    /// Returns a response's outcome; `nil` if it violates JSON-RPC: both a result and an error, or a result that isn't
    /// an object. An empty error beside a result is ignored.
    private static func outcome(_ response: JSONObject) -> Result<JSONObject, RPCError>? {
        switch (response.given("result"), response.given("error")) {
        case (.object(let result), nil), (.object(let result), .bool(false)?), (.object(let result), .string("")?),
            (.object(let result), .object([:])?), (.object(let result), .array([])?):
            .success(result)
        case (nil, let error?): .failure(RPCError(error) ?? RPCError(lenient: error))
        default: nil
        }
    }

    private static func invalid(_ id: RequestID?, _ reason: String) -> IncomingMessage {
        .invalid(Response(id: id, .failure(.invalidRequest(reason))))
    }
}

extension JSONObject {
    /// Returns the member named `name`, which must be an object.
    ///
    /// - Returns: `nil` if it is missing or null; an empty object for an empty array, which is how PHP writes one.
    /// - Throws: -32602 for anything else.
    public func object(_ name: String) throws(RPCError) -> JSONObject? {
        switch given(name) {
        case nil: return nil
        case .object(let members): return members
        case .array(let elements) where elements.isEmpty: return JSONObject()
        case .some(let other): throw .invalidParams("\(name) must be an object, not \(other.kindDescription).")
        }
    }
}
