import HTTPServer
import JSON

/// `/v1/files`: files that clients upload for their runs.
struct UploadRoutes: Sendable {
    /// The beginning of the paths, which have a larger limit for bodies.
    static let path = "/v1/files"
    /// What a form contains besides the file.
    static let formBytes = 64 * 1024

    private static let maxName = 255
    private static let maxListed = 10_000

    let options: ServiceOptions
    let store: FileStore
    let users: RequestUsers

    var all: [ServiceRoute] {
        [
            ServiceRoute(method: "POST", path: Self.path, description: UploadText.upload) { request, _ in
                try upload(request)
            },
            ServiceRoute(method: "GET", path: Self.path, description: UploadText.list) { request, _ in
                try list(request)
            },
            ServiceRoute(method: "GET", path: "\(Self.path)/{id}", description: UploadText.retrieve) {
                request, values in
                HTTPResponse(json: try file(values, request).json)
            },
            ServiceRoute(method: "GET", path: "\(Self.path)/{id}/content", description: UploadText.content) {
                request, values in
                let file = try file(values, request)
                return HTTPResponse(
                    headers: Download.headers(of: file.name, type: file.mediaType), body: .bytes(file.bytes))
            },
            ServiceRoute(method: "DELETE", path: "\(Self.path)/{id}", description: UploadText.delete) {
                request, values in
                let id = values["id"] ?? ""
                guard store.delete(id, of: try user(request)) else { throw APIRequestError.noFile(id) }
                return HTTPResponse(json: ["id": .string(id), "object": "file", "deleted": true])
            },
        ]
    }

    /// Returns the user whom a request names, also in its query; `nil` for none.
    private func user(_ request: HTTPRequest) throws -> String? {
        users.user(named: try PageQuery(request).text("user"), of: request)
    }

    private func file(_ values: [String: String], _ request: HTTPRequest) throws -> UploadedFile {
        let id = values["id"] ?? ""
        guard let file = store.file(id, of: try user(request)) else { throw APIRequestError.noFile(id) }
        return file
    }

    private func upload(_ request: HTTPRequest) throws -> HTTPResponse {
        // A page can send a form to any service without permission.
        guard !ChatCall.isOfPage(request) else {
            throw APIRequestError(
                403, "Pages may not upload files here.", type: "permission_error", code: "origin_not_allowed")
        }
        guard let form = MultipartForm(request.body, contentType: request.header("content-type") ?? "") else {
            throw APIRequestError(
                415, "Send the file as 'Content-Type: multipart/form-data', with the fields 'file' and 'purpose'.",
                code: "unsupported_media_type")
        }
        guard let part = form.file("file") else {
            throw APIRequestError(400, "The form has no file named 'file'.", param: "file", code: "missing_file")
        }
        guard part.content.count <= options.uploadBytes else {
            throw APIRequestError(
                413, "A file has at most \(options.uploadBytes) bytes.", param: "file", code: "file_too_large")
        }
        let purpose = form.text("purpose") ?? ""
        guard !purpose.isEmpty, purpose.utf8.count <= 64 else {
            throw APIRequestError(
                400, "'purpose' is missing: it must be a word such as user_data.", param: "purpose",
                code: "missing_purpose")
        }
        let name = part.fileName ?? ""
        guard name.utf8.count <= Self.maxName else {
            throw APIRequestError(
                400, "The file's name is longer than \(Self.maxName) bytes.", param: "file", code: "invalid_name")
        }
        let named = try form.text("user") ?? PageQuery(request).text("user")
        let file = try store.add(
            form.bytes(of: part), name: name.isEmpty ? "file" : name,
            mediaType: Download.mediaType(part.mediaType ?? ""), purpose: purpose,
            of: users.user(named: named, of: request))
        return HTTPResponse(json: file.json)
    }

    private func list(_ request: HTTPRequest) throws -> HTTPResponse {
        let query = try PageQuery(request)
        let purpose = query.text("purpose")
        let files = store.files(of: try user(request)).filter { purpose == nil || $0.purpose == purpose }
        return HTTPResponse(
            json: try ListPage(
                query, maxCount: Self.maxListed, defaultCount: Self.maxListed
            ).json(files.map(\.json)))
    }
}
