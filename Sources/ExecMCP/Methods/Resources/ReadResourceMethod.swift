import JSON
import JSONRPC
import MCP

/// `resources/read`: returns the contents of a URI, through the same pipeline as tool calls.
struct ReadResourceMethod: Method {
    static let methodName = "resources/read"

    let name = Self.methodName
    let catalog: ResourceCatalog
    let pipeline: CallPipeline
    let defaultUser: DefaultUser
    let audit: AuditLog?

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        let uri = try request.uri()
        // Only artifacts are audited, because they come out of a sandbox; skills are the host's own files.
        let audit = AuditedCall(
            in: ResourceURI.isOfArtifact(uri) ? audit : nil, of: name, ["uri": .string(uri)],
            by: try? context.user(default: defaultUser), context, hiding: pipeline.privateData)
        let user = try audit.recordingRefusal { () throws(RPCError) in try context.user(default: defaultUser) }
        let call = ToolCall(name: name, user: user, context: context, audit: audit) { _, _ in
            do throws(RPCError) {
                let real = pipeline.privateData?.restored(uri: uri, for: user) ?? uri
                return .resource(try await catalog.read(real, of: user, in: context.revision))
            } catch {
                return .failure(error)
            }
        }
        return .deferred { _ in try await pipeline.answer(to: call).get() }
    }
}

extension Request {
    /// Returns the URI that the request names.
    ///
    /// - Throws: -32602 if it names none.
    func uri() throws(RPCError) -> String {
        guard let uri = self["uri"]?.stringValue else { throw .invalidParams("\(method) needs uri, a string.") }
        return uri
    }
}
