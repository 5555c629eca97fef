import JSON
import JSONRPC
import MCP

/// `initialize`: the handshake of the legacy revisions (2025-11-25, basic/lifecycle).
struct InitializeMethod: Sendable {
    let name = "initialize"

    /// Negotiates the revision that the client requests, or the latest legacy one if the requested revision is unknown
    /// or has no handshake.
    ///
    /// - Throws: -32602 if the request names no revision.
    func handshake(_ request: Request) throws(RPCError) -> (Revision, JSONObject) {
        guard let requested = request["protocolVersion"]?.stringValue else {
            throw .invalidParams("initialize needs protocolVersion, such as \"\(Revision.latestLegacy.rawValue)\".")
        }
        let known = Revision(rawValue: requested).flatMap { $0.isModern ? nil : $0 }
        let revision = known ?? .latestLegacy
        return (
            revision,
            [
                "protocolVersion": .string(revision.rawValue),
                "capabilities": ServerIdentity.capabilities(for: revision),
                "serverInfo": ServerIdentity.implementation.json(for: revision),
                "instructions": .string(ServerIdentity.instructions),
            ]
        )
    }
}
