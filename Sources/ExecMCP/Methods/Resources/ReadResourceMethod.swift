import JSON
import JSONRPC
import MCP

/// `resources/read`: the bytes behind a URI.
struct ReadResourceMethod: Method {
    let name = "resources/read"
    let catalog: ResourceCatalog
    let user: UserOfRequest
    let audit: AuditLog?

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> Answer {
        let uri = try request.uri()
        // Skills are the host's own files; what a sandbox hands out is recorded.
        let call = AuditedCall(
            in: ResourceURI.isOfArtifact(uri) ? audit : nil, of: name, ["uri": .string(uri)],
            by: try? self.user(context), context)
        let user = try call.recordingRefusal { () throws(RPCError) in try self.user(context) }
        return .later { _ in
            let contents = try await call.recording { () throws(RPCError) in
                try await catalog.read(uri, of: user, in: context.revision)
            }
            let result: JSONObject = ["contents": [contents.json]]
            return result.asResult(for: context.revision, from: ServerIdentity.implementation, cache: .dynamic)
        }
    }
}

extension Request {
    /// The URI that the request is about.
    ///
    /// - Throws: -32602 where it names none.
    func uri() throws(RPCError) -> String {
        guard let uri = self["uri"]?.stringValue else { throw .invalidParams("\(method) needs uri, a string.") }
        return uri
    }
}
