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

    /// How many messages a batch may hold: their answers are kept until the last is there.
    public static let maximumBatch = 1000

    /// Reads one line. The answer to what cannot be read bears the id of the message wherever one can be found in it: the
    /// other side must not wait for an answer that it cannot tell for its own.
    ///
    /// - Parameters:
    ///   - valueLimit: how many values a message may hold, those in arrays and objects included.
    ///   - anyVersion: whether a message counts that does not say `"jsonrpc": "2.0"` and can be nothing else: an answer with
    ///     an id, a notification of the protocol, a ping.
    public static func parse(
        _ line: [UInt8], valueLimit: Int = .max, anyVersion: Bool = false
    ) -> IncomingMessage {
        let value: JSON
        do {
            value = try JSON.parse(line, .lenient, valueLimit: valueLimit)
        } catch {
            return unreadable(
                line,
                error.isOverLimit
                    ? .invalidRequest("A message may hold at most \(valueLimit) values; this one was passed over.")
                    : .parseError("The line is not valid JSON: \(error)."))
        }
        guard case .array(let elements) = value else { return classify(value, anyVersion) { line[...] } }
        guard !elements.isEmpty else { return invalid(nil, "A batch must not be empty.") }
        guard elements.count <= maximumBatch else {
            return invalid(nil, "A batch may hold at most \(maximumBatch) messages, not \(elements.count).")
        }
        var ranges: [Range<Int>]?
        return .batch(
            elements.enumerated().map { place, element in
                classify(element, anyVersion) {
                    let found = ranges ?? ArrayElements.ranges(in: line, atMost: maximumBatch)
                    ranges = found
                    return line[found[place]]
                }
            })
    }

    /// What a line is that is no JSON: one message, or each in an array, that gets this error.
    private static func unreadable(_ line: [UInt8], _ error: RPCError) -> IncomingMessage {
        guard line.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "[") else {
            return .invalid(Response(id: MessageScanner.id(in: line), .failure(error)))
        }
        let ids = ArrayElements.ranges(in: line, atMost: maximumBatch).compactMap { MessageScanner.id(in: line[$0]) }
        if ids.isEmpty { return .invalid(Response(id: nil, .failure(error))) }
        return .batch(ids.map { .invalid(Response(id: $0, .failure(error))) })
    }

    /// - Parameter text: the message as it stands in the line.
    private static func classify(
        _ value: JSON, _ anyVersion: Bool, _ text: () -> ArraySlice<UInt8>
    ) -> IncomingMessage {
        guard let object = value.objectValue else {
            return invalid(nil, "A message must be a JSON object, not \(value.kindDescription).")
        }
        let id = id(of: object, text)
        if let id, id.length > RequestID.maximumLength {
            return invalid(
                id.length <= MessageScanner.longestID ? id : nil,
                "An id may have at most \(RequestID.maximumLength) bytes, not \(id.length).")
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
        // Null for what a notification leaves out: its id.
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

    /// Whether an object is a message though it does not say so. A line of a log may have any of these members.
    private static func isUnmistakable(_ object: JSONObject, _ id: RequestID?) -> Bool {
        guard let method = object.given("method") else { return id != nil && hasOutcome(object) }
        return method == "ping" || method.stringValue?.hasPrefix("notifications/") == true
    }

    private static func hasOutcome(_ message: JSONObject) -> Bool {
        message["result"] != nil || message["error"] != nil
    }

    /// What a response says; `nil` where it breaks JSON-RPC: both a result and an error, or a result of the wrong form. What
    /// is empty beside the other one says nothing.
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
    /// The member named `name`, an object.
    ///
    /// - Returns: `nil` where it is left out or null; an empty object for an empty array, which is how PHP writes one.
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
