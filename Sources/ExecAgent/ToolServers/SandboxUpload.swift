import Hashing
import JSON
import MCP

/// Uploads a file into a sandbox, in chunks. A small file takes one request.
///
/// One task uses it at a time. It must end with ``finish()`` or ``cancel()``.
actor SandboxUpload {
    private let target: JSONObject
    private let limits: SandboxFiles.Limits
    private let request: @Sendable (SandboxMethod, JSONObject) async throws(SandboxFilesError) -> JSONObject
    private var pending: [UInt8] = []
    private var sent = 0
    private var hash = SHA256()
    /// The server's name for it; `nil` before the first request.
    private var id: String?

    init(
        _ target: JSONObject, limits: SandboxFiles.Limits,
        request: @escaping @Sendable (SandboxMethod, JSONObject) async throws(SandboxFilesError) -> JSONObject
    ) {
        self.target = target
        self.limits = limits
        self.request = request
    }

    /// How many bytes have been added.
    var count: Int { sent + pending.count }

    /// Adds the next bytes.
    ///
    /// - Throws: ``SandboxFilesError``: ``SandboxFilesError/Kind/tooLarge`` if the file has more bytes than the server
    ///   accepts.
    func add(_ bytes: [UInt8]) async throws(SandboxFilesError) {
        guard count + bytes.count <= limits.fileBytes else {
            throw SandboxFilesError(.tooLarge, "At most \(limits.fileBytes) bytes are accepted for a file.")
        }
        pending += bytes
        while pending.count > limits.chunkBytes {
            let chunk = Array(pending[..<limits.chunkBytes])
            pending.removeFirst(limits.chunkBytes)
            hash.update(chunk)
            let result = try await send(chunk, [:])
            guard let id = id ?? result["upload"]?.stringValue, !id.isEmpty, id.utf8.count <= 100 else {
                throw .malformed(.writeFile)
            }
            self.id = id
        }
    }

    /// Sends the rest, and makes the file appear.
    ///
    /// - Throws: ``SandboxFilesError``.
    func finish() async throws(SandboxFilesError) -> StoredFile {
        let chunk = pending
        pending = []
        hash.update(chunk)
        let result = try await send(
            chunk, ["final": true, "size": .integer(sent + chunk.count), "sha256": .string(hash.hexDigest)])
        id = nil
        guard let file = StoredFile(result), file.size == sent else { throw .malformed(.writeFile) }
        return file
    }

    /// Discards what has been sent so far. Does nothing after ``finish()``.
    func cancel() async {
        pending = []
        guard let id else { return }
        self.id = nil
        // Its own task: the current one may be cancelled.
        let request = Task { [request] in _ = try? await request(.cancelWrite, ["upload": .string(id)]) }
        await request.value
    }

    private func send(_ chunk: [UInt8], _ more: JSONObject) async throws(SandboxFilesError) -> JSONObject {
        var params = id.map { ["upload": .string($0)] } ?? target
        params["offset"] = .integer(sent)
        params["data"] = .string(Base64.encode(chunk))
        for member in more { params[member.key] = member.value }
        sent += chunk.count
        return try await request(.writeFile, params)
    }
}
