import HTTPServer
import JSON
import MCPServers

/// The routes that show a file in a frame of the page.
struct PreviewRoutes: Sendable {
    /// Maximum size of a previewed file in bytes.
    private static let maxBytes = 8 << 20

    let options: ServiceOptions
    let users: RequestUsers
    let previews: PreviewTokens
    let toolProvider: any ToolProvider

    var all: [ServiceRoute] {
        [
            ServiceRoute(method: "POST", path: "/ui/previews", description: PageText.createPreview) { request, _ in
                try create(request)
            },
            ServiceRoute(method: "GET", path: "/ui/previews/{token}", description: PageText.preview) { _, values in
                try await show(values["token"] ?? "")
            },
        ]
    }

    private func create(_ request: HTTPRequest) throws -> HTTPResponse {
        let user = try users.pageUser(of: request)
        let body = try PageBody(request)
        let source: PreviewTokens.Preview.Source
        let name: String
        switch (try body.text("artifact"), try body.text("path")) {
        case (let artifact?, nil): (source, name) = (.artifact(artifact), artifact)
        case (nil, let path?) where RunRequest.isPath(path): (source, name) = (.file(path), path)
        default:
            throw APIRequestError(
                400, "The body must have either 'artifact', a name, or 'path', an absolute path in the sandbox.",
                code: "invalid_preview")
        }
        guard Self.mediaType(of: name) != nil else {
            throw APIRequestError(
                415, "Only files of the types .html, .htm and .svg have a preview.", code: "preview_not_possible")
        }
        let allowsScripts = try body.flag("scripts")
        guard !allowsScripts || options.artifactScripts == .ask else {
            throw APIRequestError(
                403, "Scripts of previewed files are turned off here (--artifact-scripts never).",
                type: "permission_error", code: "scripts_not_allowed")
        }
        let path = try previews.makePath(
            for: PreviewTokens.Preview(source: source, user: user.name, allowsScripts: allowsScripts))
        return HTTPResponse(status: 201, json: ["url": .string(path)])
    }

    private func show(_ token: String) async throws -> HTTPResponse {
        guard let preview = previews.redeem(token) else { throw APIRequestError.noPreview }
        let user = UserName.forServers(preview.user)
        let name: String
        let bytes: [UInt8]
        switch preview.source {
        case .artifact(let artifact):
            name = artifact
            do throws(ToolServerError) {
                bytes = try await toolProvider.artifact(named: artifact, of: user).bytes
            } catch {
                throw error.isNotFound ? APIRequestError(404, error.message, code: "artifact_not_found") : error
            }
        case .file(let path):
            name = path
            bytes = try await FileReader(access: toolProvider.sandboxAccess, user: user)
                .whole(path, limit: Self.maxBytes)
        }
        guard bytes.count <= Self.maxBytes else {
            throw APIRequestError(413, "The file is too large for a preview.", code: "file_too_large")
        }
        let policy = preview.allowsScripts ? PageHeaders.scriptedPreviewPolicy : PageHeaders.staticPreviewPolicy
        return HTTPResponse(
            headers: [
                HTTPHeader("Content-Type", Self.mediaType(of: name) ?? "text/plain; charset=utf-8"),
                HTTPHeader("Content-Security-Policy", policy),
            ], body: .bytes(bytes))
    }

    private static func mediaType(of name: String) -> String? {
        switch name.lowercased().split(separator: ".").last {
        case "html", "htm": "text/html; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }
}
