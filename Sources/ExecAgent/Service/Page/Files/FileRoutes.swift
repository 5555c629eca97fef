import HTTPServer
import JSON
import MCP
import MCPServers

/// The routes for files of a user's sandbox: uploads, directories, artifacts.
struct FileRoutes: Sendable {
    private static let maxName = 255
    private static let artifactDirectory = "/artifacts"

    let options: ServiceOptions
    let users: RequestUsers
    let toolProvider: any ToolProvider

    private var access: any SandboxAccess { toolProvider.sandboxAccess }

    var all: [ServiceRoute] {
        [
            ServiceRoute(method: "PUT", path: "/ui/files/{name}", description: PageText.upload) { request, values in
                try await upload(values["name"] ?? "", request)
            },
            ServiceRoute(method: "GET", path: "/ui/files", description: PageText.files) { request, _ in
                try await list(request)
            },
            ServiceRoute(method: "GET", path: "/ui/files/content", description: PageText.file) { request, _ in
                let path = try Self.path(in: request, otherwise: nil)
                return try await FileReader(access: access, user: user(request)).download(path)
            },
            ServiceRoute(method: "GET", path: "/ui/artifacts", description: PageText.artifacts) { request, _ in
                try await artifacts(request)
            },
            ServiceRoute(method: "GET", path: "/ui/artifacts.zip", description: PageText.archive) { request, _ in
                try await archive(request)
            },
            ServiceRoute(method: "GET", path: "/ui/artifacts/{name}", description: PageText.artifact) {
                request, values in
                try await artifact(values["name"] ?? "", request)
            },
            ServiceRoute(method: "DELETE", path: "/ui/artifacts/{name}", description: PageText.deleteArtifact) {
                request, values in
                try await delete(values["name"] ?? "", request)
            },
        ]
    }

    private func user(_ request: HTTPRequest) throws -> String? { try users.pageUser(of: request).forServers }

    // MARK: - Files

    private func upload(_ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        guard request.header("content-length") != nil else {
            throw APIRequestError(411, "An upload needs a Content-Length.", code: "length_required")
        }
        guard name.utf8.count <= Self.maxName else {
            throw APIRequestError(400, "The name is longer than \(Self.maxName) bytes.", code: "invalid_name")
        }
        guard request.body.count <= options.uploadBytes else {
            throw APIRequestError(
                413, "An upload has at most \(options.uploadBytes) bytes.", code: "file_too_large")
        }
        let user = try user(request)
        let file = try await Self.checked { [access] () throws(SandboxFilesError) in
            try await access.write(request.body, as: name, to: nil, existing: .rename, of: user)
        }
        return HTTPResponse(
            status: 201, json: ["name": .string(file.name), "path": .string(file.path), "size": .integer(file.size)])
    }

    private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
        let path = try Self.path(in: request, otherwise: "/workspace")
        let user = try user(request)
        let listing = try await Self.checked { [access] () throws(SandboxFilesError) in
            try await access.list(path, of: user)
        }
        let entries = listing.entries.map { entry -> JSON in
            var object: JSONObject = [
                "name": .string(entry.name), "path": .string(entry.path), "kind": .string(entry.kind.rawValue),
                "size": .integer(entry.size),
            ]
            object["modified"] = entry.modified.map(JSON.string)
            return .object(object)
        }
        return HTTPResponse(
            json: [
                "path": .string(listing.path), "entries": .array(entries), "truncated": .bool(listing.isTruncated),
            ])
    }

    private static func path(in request: HTTPRequest, otherwise: String?) throws -> String {
        let given = try PageQuery(request).text("path") ?? otherwise
        guard let given, RunRequest.isPath(given) || given.hasPrefix("file:///"), given.utf8.count <= 4096 else {
            throw APIRequestError(
                400, "'path' must be an absolute path in the sandbox.", param: "path", code: "invalid_path")
        }
        return given
    }

    private static func checked<Value: Sendable>(
        _ work: () async throws(SandboxFilesError) -> Value
    ) async throws(APIRequestError) -> Value {
        do throws(SandboxFilesError) { return try await work() } catch { throw APIRequestError(error) }
    }

    // MARK: - Artifacts

    private func artifacts(_ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try user(request)
        let listed = try await toolProvider.artifacts(of: user)
        // Their times are known to the directory alone.
        let directory = listed.isEmpty ? nil : try? await access.list(Self.artifactDirectory, of: user)
        let times = Dictionary(
            (directory?.entries ?? []).map { (Array($0.name.utf8), $0.modified) },
            uniquingKeysWith: { first, _ in first })
        let artifacts = listed.map { artifact -> JSON in
            var object: JSONObject = ["name": .string(artifact.name), "type": .string(artifact.mediaType)]
            object["size"] = artifact.size.map(JSON.integer)
            object["modified"] = times[Array(artifact.name.utf8)].flatMap { $0 }.map(JSON.string)
            return .object(object)
        }
        return HTTPResponse(json: ["artifacts": .array(artifacts)])
    }

    private func artifact(_ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let file = try await read(name, of: user(request))
        return HTTPResponse(headers: Download.headers(of: name, type: file.mediaType), body: .bytes(file.bytes))
    }

    private func read(_ name: String, of user: String?) async throws -> ArtifactFile {
        do throws(ToolServerError) {
            return try await toolProvider.artifact(named: name, of: user)
        } catch {
            throw error.isNotFound ? APIRequestError(404, error.message, code: "artifact_not_found") : error
        }
    }

    private func delete(_ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try user(request)
        try await Self.checked { [access] () throws(SandboxFilesError) in
            try await access.delete("\(Self.artifactDirectory)/\(name)", of: user)
        }
        return HTTPResponse(status: 204)
    }

    /// Sends all artifacts as one archive. Each is read when it is its turn.
    private func archive(_ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try user(request)
        let names = try await toolProvider.artifacts(of: user).map(\.name)
        return HTTPResponse(
            headers: Download.headers(of: "artifacts.zip", type: "application/zip"),
            body: .stream { writer in
                var archive = ZipArchive()
                for name in names {
                    let file: ArtifactFile
                    do {
                        file = try await read(name, of: user)
                    } catch let error as APIRequestError where error.status == 404 {
                        // Deleted since it was listed.
                        continue
                    }
                    guard let head = archive.begin(name, file.bytes) else {
                        throw APIRequestError(413, "The artifacts are too large for one archive.")
                    }
                    try await writer.write(head)
                    try await writer.write(file.bytes)
                }
                try await writer.write(archive.end())
            })
    }
}
