import JSON
import MCP
import MCPClient
import MCPServers
import Threading

/// The files of users' sandboxes, and the sandboxes themselves, through the methods that exec-mcp has beyond MCP
/// (``SandboxMethod``). Uses the first server that offers them, as long as it does.
///
/// The user of each function is the owner of the sandbox; `nil` for the server's default. Everything that a server
/// returns is checked and bounded.
final class SandboxFiles: Sendable {
    /// Seconds that a request may take; it may have to wait for a sandbox to start.
    private static let requestSeconds = 150.0
    /// The maximum number of bytes in a chunk, whatever the server accepts.
    private static let maxChunk = 4 << 20

    let group: ServerGroup
    /// The place of the server that was found for each extension.
    private let found = Locked<[String: Int]>([:])

    init(group: ServerGroup) {
        self.group = group
    }

    /// What the server accepts.
    struct Limits: Sendable, Equatable {
        /// The maximum size of a file, in bytes.
        let fileBytes: Int
        /// The maximum number of bytes in a request or a result.
        let chunkBytes: Int
    }

    /// Returns the limits for files; `nil` if no server offers the methods for files.
    func limits() async -> Limits? {
        try? await server(offering: SandboxMethod.filesExtension).limits
    }

    /// Starts to write a file. Nothing is visible in the sandbox until ``SandboxUpload/finish()``.
    ///
    /// - Parameters:
    ///   - name: the file's name, which the server makes safe; what comes before a slash or backslash is dropped.
    ///   - directory: an absolute path in `/workspace`; `nil` for `/workspace/uploads`.
    ///   - existing: what happens to a file of this name.
    /// - Throws: ``SandboxFilesError``.
    private func upload(
        _ name: String, to directory: String?, existing: SandboxMethod.Existing, of user: String?
    ) async throws(SandboxFilesError) -> SandboxUpload {
        let offered = try await server(offering: SandboxMethod.filesExtension)
        var target: JSONObject = ["name": .string(name), "existing": .string(existing.rawValue)]
        target["directory"] = directory.map(JSON.string)
        return SandboxUpload(target, limits: offered.limits) { (method, params) throws(SandboxFilesError) in
            try await Self.request(method, params, of: user, from: offered.server)
        }
    }

    /// Writes a whole file.
    ///
    /// - Throws: ``SandboxFilesError``.
    func write(
        _ bytes: [UInt8], as name: String, to directory: String? = nil, existing: SandboxMethod.Existing = .rename,
        of user: String?
    ) async throws(SandboxFilesError) -> StoredFile {
        let upload = try await upload(name, to: directory, existing: existing, of: user)
        do {
            try await upload.add(bytes)
            return try await upload.finish()
        } catch {
            await upload.cancel()
            throw error
        }
    }

    /// Returns a part of a file in `/workspace`, `/artifacts` or `/output`.
    ///
    /// - Parameters:
    ///   - path: the absolute path.
    ///   - offset: how many bytes to skip.
    ///   - length: the maximum number of bytes to return; fewer are returned at the end of the file, or if the server
    ///     returns fewer at once.
    /// - Throws: ``SandboxFilesError``.
    func read(
        _ path: String, offset: Int = 0, length: Int, of user: String?
    ) async throws(SandboxFilesError) -> FilePart {
        let offered = try await server(offering: SandboxMethod.filesExtension)
        let result = try await Self.request(
            .readFile,
            [
                "path": .string(path), "offset": .integer(offset),
                "length": .integer(min(length, offered.limits.chunkBytes)),
            ], of: user, from: offered.server)
        guard let part = FilePart(result), part.bytes.count <= max(length, 0) else {
            throw .malformed(SandboxMethod.readFile)
        }
        return part
    }

    /// Returns the entries of a directory in `/workspace`, `/artifacts` or `/output`.
    ///
    /// - Throws: ``SandboxFilesError``.
    func list(_ path: String, of user: String?) async throws(SandboxFilesError) -> DirectoryListing {
        let result = try await request(
            .listDirectory, ["path": .string(path)], of: user, offering: SandboxMethod.filesExtension)
        guard let listing = DirectoryListing(result) else { throw .malformed(.listDirectory) }
        return listing
    }

    /// Deletes a file in `/artifacts` or `/workspace/uploads`.
    ///
    /// - Throws: ``SandboxFilesError``.
    func delete(_ path: String, of user: String?) async throws(SandboxFilesError) {
        _ = try await request(
            .deleteFile, ["path": .string(path)], of: user, offering: SandboxMethod.filesExtension)
    }

    /// Returns the state of a user's sandbox, without starting one.
    ///
    /// - Throws: ``SandboxFilesError``.
    func status(of user: String?) async throws(SandboxFilesError) -> SandboxStatus {
        let result = try await request(
            .sandboxStatus, JSONObject(), of: user, offering: SandboxMethod.sandboxExtension)
        guard let status = SandboxStatus(result) else { throw .malformed(.sandboxStatus) }
        return status
    }

    /// Ends a user's sandbox, with everything that runs in it. The files in its workspace stay.
    ///
    /// - Returns: whether the user had a sandbox.
    /// - Throws: ``SandboxFilesError``.
    func stop(of user: String?) async throws(SandboxFilesError) -> Bool {
        let result = try await request(
            .stopSandbox, JSONObject(), of: user, offering: SandboxMethod.sandboxExtension)
        return result["stopped"] == true
    }

    /// Returns the sandboxes of all users.
    ///
    /// - Throws: ``SandboxFilesError``.
    func sandboxes() async throws(SandboxFilesError) -> [UserSandbox] {
        let result = try await request(
            .listSandboxes, JSONObject(), of: nil, offering: SandboxMethod.sandboxExtension)
        guard let entries = result["sandboxes"]?.arrayValue else { throw .malformed(.listSandboxes) }
        return entries.compactMap(UserSandbox.init)
    }

    // MARK: - Requests

    private struct Offered {
        let server: ToolServer
        let limits: Limits
    }

    private func request(
        _ method: SandboxMethod, _ params: JSONObject, of user: String?, offering identifier: String
    ) async throws(SandboxFilesError) -> JSONObject {
        try await Self.request(method, params, of: user, from: try await server(offering: identifier).server)
    }

    private static func request(
        _ method: SandboxMethod, _ params: JSONObject, of user: String?, from server: ToolServer
    ) async throws(SandboxFilesError) -> JSONObject {
        do {
            return try await server.use(again: false) { (client) throws(MCPClientError) in
                try await client.fetch(
                    method.rawValue, params, meta: ToolServers.meta(of: user), timeLimit: requestSeconds)
            }.members
        } catch {
            throw SandboxFilesError(error, of: server.name)
        }
    }

    private func server(offering identifier: String) async throws(SandboxFilesError) -> Offered {
        if let place = found.withLock({ $0[identifier] }) {
            // Another server would be another sandbox: one that has failed is an error.
            if let known = try await offered(identifier, by: [group.servers[place]])?.value { return known }
            found.withLock { $0[identifier] = nil }
        }
        guard let first = try await offered(identifier, by: group.servers) else {
            throw SandboxFilesError(.unsupported, "No MCP server offers \(identifier).")
        }
        found.withLock { $0[identifier] = first.place }
        return first.value
    }

    /// Returns the first of some servers that offers an extension, and its place among them; `nil` if none does.
    private func offered(
        _ identifier: String, by servers: [ToolServer]
    ) async throws(SandboxFilesError) -> (place: Int, value: Offered)? {
        let outcomes = await group.results(servers, \.self) { (server) throws(SupervisionError) in
            try await server.use(again: true) { (client) throws(MCPClientError) in client.server }
        }
        var failure: SandboxFilesError?
        for (place, outcome) in outcomes.enumerated() {
            switch outcome {
            case .success(let description):
                guard let settings = description.settings(ofExtension: identifier) else { continue }
                let chunk = settings["maxChunkBytes"]?.integerValue ?? 0
                let limits = Limits(
                    fileBytes: max(settings["maxFileBytes"]?.integerValue ?? 0, 0),
                    chunkBytes: min(max(chunk, 1), Self.maxChunk))
                return (place, Offered(server: servers[place], limits: limits))
            case .failure(let error): failure = failure ?? SandboxFilesError(error, of: servers[place].name)
            }
        }
        if let failure { throw failure }
        return nil
    }
}
