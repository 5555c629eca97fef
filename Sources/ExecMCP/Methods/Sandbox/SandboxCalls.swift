import ExecCore
import JSON
import JSONRPC
import MCP

/// Runs the methods for a user's files and sandbox as calls of the pipeline, like those of tools.
struct SandboxCalls: Sendable {
    let pool: SandboxPool
    let pipeline: CallPipeline
    let defaultUser: DefaultUser
    /// The log that records calls; `nil` if they are not recorded.
    let audit: AuditLog?

    /// The parameter that the audit log has in place of the data.
    private static let dataSize = "data_bytes"
    private static let recorded = [
        "path", "name", "directory", "existing", "upload", "offset", "length", "final", "size", "sha256",
    ]
    /// Not recorded if private data is replaced: the content of a short file could be guessed from its digest.
    private static let digest = "sha256"

    /// Answers a request with what `work` returns.
    ///
    /// - Parameters:
    ///   - holding: as in ``MethodReply/deferred(holding:_:)``.
    ///   - parse: reads the parameters, and returns the work to do for a user.
    /// - Throws: the error that `parse` throws.
    func reply(
        _ method: SandboxMethod, _ request: Request, _ context: RequestContext, holding: Int? = 0,
        _ parse: (UserID) throws(RPCError) -> @Sendable () async throws -> SandboxReply
    ) throws(RPCError) -> MethodReply {
        let audit = AuditedCall(
            in: audit, of: method.rawValue, .object(recorded(of: request)),
            by: try? context.user(default: defaultUser), context, hiding: pipeline.privateData)
        let (user, work) = try audit.recordingRefusal { () throws(RPCError) in
            let user = try context.user(default: defaultUser)
            return (user, try parse(user))
        }
        let call = ToolCall(name: method.rawValue, user: user, context: context, audit: audit) { _, _ in
            do {
                return .sandbox(try await work())
            } catch let error as RPCError {
                return .failure(error)
            } catch let error as ExecError {
                return .failure(RPCError(error))
            } catch {
                return .failure(.internalError("\(error)"))
            }
        }
        return .deferred(holding: holding) { [pipeline] _ in try await pipeline.answer(to: call).get() }
    }

    /// The path that a request names, with tokens replaced by the private values that they stand for.
    ///
    /// - Throws: -32602 if it has no valid path.
    func path(of request: Request, for user: UserID) throws(RPCError) -> String {
        restored(try request.text("path"), for: user)
    }

    /// Returns a path or a name with tokens replaced by the private values that they stand for; unchanged if one isn't
    /// known.
    func restored(_ name: String, for user: UserID) -> String {
        pipeline.privateData?.restored(uri: name, for: user) ?? name
    }

    private func recorded(of request: Request) -> JSONObject {
        guard audit != nil else { return JSONObject() }
        var recorded = JSONObject()
        for name in Self.recorded where name != Self.digest || pipeline.privateData == nil {
            recorded[name] = request[name]
        }
        if let data = request["data"]?.stringValue { recorded[Self.dataSize] = .integer(Base64.size(of: data)) }
        return recorded
    }
}

// Access to the parameters of these methods.
extension Request {
    private static let maxTextLength = 16 * 1024

    /// - Throws: -32602 if the parameter is missing, isn't a string or is too long.
    func text(_ name: String) throws(RPCError) -> String {
        guard let text = try optionalText(name) else { throw .invalidParams("\(method) needs \(name), a string.") }
        return text
    }

    /// - Throws: -32602 if the parameter isn't a string or is too long.
    func optionalText(_ name: String) throws(RPCError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.stringValue, text.utf8.count <= Self.maxTextLength else {
            throw .invalidParams("\(name) must be a string of at most \(Self.maxTextLength) bytes.")
        }
        return text
    }

    /// - Throws: -32602 if the parameter isn't a whole number from 0.
    func optionalCount(_ name: String) throws(RPCError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.integerValue ?? value.numberValue.flatMap(Int.init(exactly:)), number >= 0 else {
            throw .invalidParams("\(name) must be a whole number from 0.")
        }
        return number
    }
}
