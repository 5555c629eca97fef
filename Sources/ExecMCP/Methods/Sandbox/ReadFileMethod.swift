import ExecCore
import JSON
import JSONRPC
import MCP

/// `exec-mcp/files/read`: a part of a file, byte for byte.
struct ReadFileMethod: Method {
    let name = SandboxMethod.readFile.rawValue
    let calls: SandboxCalls
    /// The maximum size of a file in which private data is replaced, in bytes.
    let maxFiltered: Int

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        try calls.reply(.readFile, request, context) { (user) throws(RPCError) in
            let path = try calls.path(of: request, for: user)
            let offset = try request.optionalCount("offset") ?? 0
            let length = min(try request.optionalCount("length") ?? FileUploads.maxChunk, FileUploads.maxChunk)
            return { try await read(path, of: user, offset, length) }
        }
    }

    private func read(_ path: String, of user: UserID, _ offset: Int, _ length: Int) async throws -> SandboxReply {
        // A private value may be in two parts, so all of the file is needed to find it.
        let isFiltered = calls.pipeline.privateData != nil
        let slice = try await calls.pool.withSandbox(of: user) { sandbox in
            try await sandbox.readPart(
                of: path, offset: isFiltered ? 0 : offset, length: isFiltered ? maxFiltered : length)
        }
        guard !isFiltered || slice.size <= maxFiltered else {
            throw RPCError(
                .tooLarge,
                """
                \(slice.path) has \(slice.size) bytes, more than the \(maxFiltered) in which private data can be \
                replaced.
                """)
        }
        guard !isFiltered || slice.bytes.count == slice.size else {
            throw RPCError(.conflict, "\(slice.path) has changed while it was read. Try again.")
        }
        var members: JSONObject = ["path": .string(slice.path), "version": .string(slice.version)]
        members["modified"] = slice.modified.map { .string(Timestamp.text(secondsSince1970: $0)) }
        return SandboxReply(
            members,
            SandboxReply.Content(
                bytes: slice.bytes, start: isFiltered ? 0 : offset, size: slice.size, offset: offset, length: length))
    }
}
