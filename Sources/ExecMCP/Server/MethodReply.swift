import JSON
import JSONRPC
import MCP

/// How a method answers a request.
enum MethodReply: Sendable {
    /// The result, ready at once. Such results are sent in the order of the requests.
    case immediate(JSONObject)
    /// Work that takes time; later requests are served meanwhile. `holding` is the number of bytes of the request that
    /// the work keeps in memory; `nil` means all of it.
    case deferred(holding: Int? = nil, @Sendable (RequestNotifier) async throws -> JSONObject)
}

/// A method of the protocol.
protocol Method: Sendable {
    /// Its name on the wire.
    var name: String { get }

    /// The revisions that have it.
    var era: MethodEra { get }

    /// Checks the parameters and starts the work.
    ///
    /// - Throws: the error that answers the request.
    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply
}

extension Method {
    var era: MethodEra { .every }
}

/// The revisions that have a method.
enum MethodEra: Sendable {
    case every
    /// Revisions with a handshake.
    case legacy
    /// Revisions in which each request carries its own metadata.
    case modern

    /// Whether `revision` belongs to this era.
    func includes(_ revision: Revision) -> Bool {
        switch self {
        case .every: true
        case .legacy: !revision.isModern
        case .modern: revision.isModern
        }
    }
}
