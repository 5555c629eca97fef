import JSON
import JSONRPC
import MCP

/// What a method makes of a request.
enum Answer: Sendable {
    /// The result, at once and in the order of the requests.
    case now(JSONObject)
    /// Work that takes time; requests that come meanwhile are served. `holding` is how many bytes of the request it goes on
    /// holding; `nil` stands for all of it.
    case later(holding: Int? = nil, @Sendable (Exchange) async throws -> JSONObject)
}

/// One method of the protocol.
protocol Method: Sendable {
    /// Its name on the wire.
    var name: String { get }

    /// Whether `revision` has it.
    func isOffered(in revision: Revision) -> Bool

    /// Checks the parameters and begins the work.
    ///
    /// - Throws: the error that the request gets.
    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> Answer
}

extension Method {
    func isOffered(in revision: Revision) -> Bool { true }
}
