import JSON
import JSONRPC

/// A request of code in a sandbox: one line of the bridge's protocol.
struct BridgeRequest: Sendable {
    enum Message: Sendable {
        case request(BridgeRequest)
        /// The request with this id is no longer wanted.
        case cancel(RequestID)
    }

    /// Maximum number of values in a line: `[0,0,…]` needs many times its length in memory.
    static let valueLimit = 500_000

    let id: RequestID
    let method: String
    let params: JSONObject
    /// Its size in bytes.
    let size: Int
    /// Whether the connection that it came from waits for its answer: nothing that isn't wanted begins any more.
    var isWanted: @Sendable () -> Bool = { true }

    /// Parses a line.
    ///
    /// - Throws: ``UnreadableRequestError`` for anything that is neither a request nor a cancellation.
    static func parse(_ line: [UInt8]) throws(UnreadableRequestError) -> Message {
        let value: JSON
        do {
            value = try JSON.parse(line, .exact, valueLimit: valueLimit)
        } catch {
            throw UnreadableRequestError(line, error)
        }
        do throws(BridgeError) {
            return try message(value, size: line.count)
        } catch {
            throw UnreadableRequestError(id: RequestID(value["id"]), error: error)
        }
    }

    private static func message(_ value: JSON, size: Int) throws(BridgeError) -> Message {
        guard let members = value.objectValue, let method = members["method"]?.stringValue else {
            throw BridgeError(.malformed, "A request is an object with a method, a string.")
        }
        let params = members.given("params") ?? [:]
        guard let params = params.objectValue else {
            throw BridgeError(.malformed, "params must be an object, not \(params.kindDescription).")
        }
        if method == "cancel", members.given("id") == nil {
            guard let id = RequestID(params["id"]) else {
                throw BridgeError(.malformed, "cancel needs the id of a request.")
            }
            return .cancel(id)
        }
        guard let id = RequestID(members["id"]) else {
            throw BridgeError(.malformed, "A request needs an id, an integer or a string.")
        }
        return .request(BridgeRequest(id: id, method: method, params: params, size: size))
    }

    /// Returns the line that answers the request with a failure.
    func failure(_ error: BridgeError) -> [UInt8] {
        Self.line(id: id.json, ["error": error.json])
    }

    /// Returns the line that answers the request.
    func success(_ result: JSON) -> [UInt8] {
        Self.line(id: id.json, ["result": result])
    }

    static func line(id: JSON, _ outcome: JSONObject) -> [UInt8] {
        var members: JSONObject = ["id": id]
        for member in outcome { members[member.key] = member.value }
        return JSON.object(members).serialized() + [UInt8(ascii: "\n")]
    }
}
