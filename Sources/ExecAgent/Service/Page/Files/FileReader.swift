import HTTPServer
import MCP

/// Reads whole files of a user's sandbox.
struct FileReader: Sendable {
    /// Bytes of a part: as many as exec-mcp hands out at once.
    private static let partBytes = 4 << 20

    let access: any SandboxAccess
    let user: String?

    /// Returns a file.
    ///
    /// - Throws: ``APIRequestError``.
    func whole(_ path: String, limit: Int) async throws(APIRequestError) -> [UInt8] {
        var part = try await self.part(of: path, from: 0)
        guard part.size <= limit else {
            throw APIRequestError(413, "The file has more than \(limit) bytes.", code: "file_too_large")
        }
        var bytes = part.bytes
        while bytes.count < part.size, !part.bytes.isEmpty, bytes.count <= limit {
            part = try await next(of: path, from: bytes.count, after: part)
            bytes += part.bytes
        }
        return bytes
    }

    /// Returns the response with a file as a download; it is read while it is sent.
    ///
    /// - Throws: ``APIRequestError`` if it cannot be read at all.
    func download(_ path: String) async throws(APIRequestError) -> HTTPResponse {
        let first = try await part(of: path, from: 0)
        let name = path.split(separator: "/").last.map(String.init) ?? "file"
        let headers = Download.headers(of: name, type: first.mediaType)
        guard first.bytes.count < first.size else { return HTTPResponse(headers: headers, body: .bytes(first.bytes)) }
        return HTTPResponse(
            headers: headers,
            body: .stream { writer in
                var part = first
                var sent = 0
                while true {
                    try await writer.write(part.bytes)
                    sent += part.bytes.count
                    guard sent < part.size, !part.bytes.isEmpty else { return }
                    // If it fails now, the connection ends, which tells the client that bytes are missing.
                    part = try await next(of: path, from: sent, after: part)
                }
            })
    }

    private func next(of path: String, from offset: Int, after last: FilePart) async throws(APIRequestError) -> FilePart
    {
        let part = try await part(of: path, from: offset)
        guard part.version == last.version else {
            throw APIRequestError(409, "The file has changed while it was read.", code: "file_changed")
        }
        return part
    }

    private func part(of path: String, from offset: Int) async throws(APIRequestError) -> FilePart {
        do throws(SandboxFilesError) {
            return try await access.read(path, offset: offset, length: Self.partBytes, of: user)
        } catch {
            throw APIRequestError(error)
        }
    }
}

extension APIRequestError {
    /// Creates the error that a client gets for a failed request for files or sandboxes.
    init(_ error: SandboxFilesError) {
        switch error.kind {
        case .notFound: self.init(404, error.message, code: "file_not_found")
        case .conflict: self.init(409, error.message, code: "file_conflict")
        case .tooLarge: self.init(413, error.message, code: "file_too_large")
        case .invalid: self.init(400, error.message, code: "invalid_path")
        case .refused: self.init(403, error.message, type: "permission_error", code: "file_refused")
        case .busy: self.init(503, error.message, type: "server_error", code: "sandbox_busy", retryAfter: 5)
        case .unsupported:
            self.init(
                501, "No tool server offers this: it needs an exec-mcp of this version.", type: "server_error",
                code: "not_offered")
        case .failed: self.init(502, error.message, type: "api_error", code: "tool_server_error")
        }
    }
}
