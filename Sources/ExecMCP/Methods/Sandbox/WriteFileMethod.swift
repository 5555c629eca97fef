import ExecCore
import JSON
import JSONRPC
import MCP

/// `exec-mcp/files/write`: a chunk of a file. The last one makes the file appear.
struct WriteFileMethod: Method {
    /// The directory of files that are written without naming one.
    private static let defaultDirectory = "/workspace/uploads"

    let name = SandboxMethod.writeFile.rawValue
    let calls: SandboxCalls
    let uploads: FileUploads

    /// The parameters.
    private struct Chunk {
        /// The upload that it continues; `nil` if it begins one.
        let upload: String?
        let offset: Int
        let data: String
        /// How the complete file is checked; `nil` if more chunks follow.
        let end: (size: Int?, digest: String)?
    }

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        // The work holds the request's data.
        try calls.reply(.writeFile, request, context, holding: nil) { (user) throws(RPCError) in
            let chunk = try Self.chunk(of: request)
            let target = chunk.upload == nil ? try target(of: request, user) : nil
            return { try await store(chunk, target, for: user) }
        }
    }

    private func store(_ chunk: Chunk, _ target: FileUploads.Target?, for user: UserID) async throws -> SandboxReply {
        guard let bytes = Base64.decode(chunk.data) else { throw RPCError.invalidParams("data must be base64.") }
        guard bytes.count <= FileUploads.maxChunk else {
            throw RPCError(
                .tooLarge, "A chunk may have at most \(FileUploads.maxChunk) bytes, not \(bytes.count).")
        }
        let id = if let known = chunk.upload { known } else if let target { try uploads.begin(target) } else { "" }
        let isNew = chunk.upload == nil
        do {
            let received = try uploads.append(bytes, at: chunk.offset, to: id, of: user)
            guard let end = chunk.end else {
                return SandboxReply(["upload": .string(id), "received": .integer(received)])
            }
            return try await finish(id, of: user, end)
        } catch {
            // The client never learns its ID.
            if isNew { _ = uploads.remove(id, of: user) }
            throw error
        }
    }

    private func finish(
        _ id: String, of user: UserID, _ end: (size: Int?, digest: String)
    ) async throws -> SandboxReply {
        let (target, bytes) = try uploads.complete(id, of: user, size: end.size, digest: end.digest)
        do {
            let file = try await calls.pool.withSandbox(of: user) { sandbox in
                try await sandbox.store(bytes, as: target.name, in: target.directory, existing: target.existing)
            }
            _ = uploads.remove(id, of: user)
            return SandboxReply([
                "path": .string(file.path), "name": .string(file.name), "size": .integer(bytes.count),
                "sha256": .string(end.digest.lowercased()),
            ])
        } catch {
            uploads.reopen(id, of: user)
            throw error
        }
    }

    private func target(of request: Request, _ user: UserID) throws(RPCError) -> FileUploads.Target {
        let name = UploadName.safe(calls.restored(try request.text("name"), for: user))
        let directory = try request.optionalText("directory") ?? Self.defaultDirectory
        let existing = try request.optionalText("existing") ?? ExistingFile.rename.rawValue
        guard let existing = ExistingFile(rawValue: existing) else {
            let values = ExistingFile.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidParams("existing must be one of \(values).")
        }
        return FileUploads.Target(
            user: user, name: name, directory: calls.restored(directory, for: user), existing: existing)
    }

    private static func chunk(of request: Request) throws(RPCError) -> Chunk {
        guard let data = (request["data"] ?? "").stringValue else {
            throw .invalidParams("data must be a string: bytes in base64.")
        }
        let upload = try request.optionalText("upload")
        let offset = try request.optionalCount("offset") ?? 0
        let size = try request.optionalCount("size")
        guard let isFinal = (request["final"] ?? false).boolValue else {
            throw .invalidParams("final must be true or false.")
        }
        guard isFinal else { return Chunk(upload: upload, offset: offset, data: data, end: nil) }
        let digest = try request.text("sha256")
        guard digest.utf8.count == 64, digest.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw .invalidParams("sha256 must be the SHA-256 of the whole file, 64 hexadecimal digits.")
        }
        return Chunk(upload: upload, offset: offset, data: data, end: (size, digest))
    }
}
