import JSON
import JSONRPC
import MCP

/// What a method makes of a request.
enum MethodReply: Sendable {
    /// The result, at once and in the order of the requests.
    case immediate(JSONObject)
    /// Work that takes time; requests that come meanwhile are served. `holding` is how many bytes of the request it goes on
    /// holding; `nil` stands for all of it.
    case deferred(holding: Int? = nil, @Sendable (RequestNotifier) async throws -> JSONObject)
}

/// One method of the protocol.
protocol Method: Sendable {
    /// Its name on the wire.
    var name: String { get }

    /// Which revisions have it.
    var era: MethodEra { get }

    /// Checks the parameters and begins the work.
    ///
    /// - Throws: the error that the request gets.
    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply
}

extension Method {
    var era: MethodEra { .every }
}

/// Which revisions have a method.
enum MethodEra: Sendable {
    case every
    /// Those with a handshake.
    case legacy
    /// Those in which each request carries its own metadata.
    case modern

    /// Whether `revision` is one of them.
    func includes(_ revision: Revision) -> Bool {
        switch self {
        case .every: true
        case .legacy: !revision.isModern
        case .modern: revision.isModern
        }
    }
}
