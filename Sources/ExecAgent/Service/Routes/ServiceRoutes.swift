import HTTPServer
import JSON
import MCP
import MCPServers
import Threading

/// All routes of the service.
struct ServiceRoutes: Sendable {
    let options: ServiceOptions
    let toolProvider: any ToolProvider
    let chat: ChatRoute
    let responses: ResponseRoute
    let uploads: UploadRoutes
    let questions: QuestionRoutes
    let links: SignedArtifactLinks
    let users: RequestUsers
    let metrics: AgentMetrics
    /// The routes of the page.
    let page: [ServiceRoute]
    /// When the service was started, in seconds since 1970.
    let startTime: Int
    /// Whether a request has a valid key, or no key is required.
    let isAuthorized: @Sendable (HTTPRequest) -> Bool

    var router: ServiceRouter {
        let all = [
            ServiceRoute(method: "POST", path: "/v1/chat/completions", description: APIText.chat) { request, _ in
                try await chat.answer(request, as: .chat)
            },
            ServiceRoute(method: "POST", path: "/v1/completions", description: APIText.completion) { request, _ in
                try await chat.answer(request, as: .text)
            },
            ServiceRoute(method: "GET", path: "/v1/models", description: APIText.models) { _, _ in models() },
            ServiceRoute(method: "GET", path: "/v1/models/{model+}", description: APIText.model) { _, values in
                try model(values["model"] ?? "")
            },
            ServiceRoute(method: "GET", path: SignedArtifactLinks.path, description: APIText.link) { request, values in
                try await linked(values["name"] ?? "", of: values["user"] ?? "", request)
            },
            ServiceRoute(method: "DELETE", path: "/v1/sessions/{user}", description: APIText.session) {
                request, values in
                try await endSession(of: values["user"] ?? "", request)
            },
            ServiceRoute(method: "GET", path: "/skills", description: APIText.skills) { request, _ in
                try await skills(request)
            },
            ServiceRoute(method: "GET", path: "/skills/{name}", description: APIText.skill) { request, values in
                try await skill(values["name"] ?? "", request)
            },
            ServiceRoute(method: "GET", path: "/health", description: APIText.health) { request, _ in
                await health(isAuthorized(request))
            },
            ServiceRoute(method: "GET", path: MetricsRoute.path, description: APIText.metrics) { request, _ in
                try await MetricsRoute(metrics: metrics, toolProvider: toolProvider, users: users).answer(request)
            },
            ServiceRoute(method: "GET", path: "/{user}/artifacts", description: APIText.artifacts) { request, values in
                try await artifacts(of: values["user"] ?? "", request)
            },
            ServiceRoute(method: "GET", path: "/{user}/artifacts/{name}", description: APIText.artifact) {
                request, values in
                try await artifact(values["name"] ?? "", of: values["user"] ?? "", request)
            },
        ]
        let document = Locked(JSON.null)
        let own = ServiceRoute(method: "GET", path: "/openapi.json", description: APIText.document) { _, _ in
            HTTPResponse(json: document.withLock { $0 })
        }
        // The page's routes first: otherwise `/ui/artifacts` would be that of a user.
        let routes = page + all + responses.all + uploads.all + questions.all + [own]
        // The document describes its own route as well.
        let described = routes.filter { !PageAssets.paths.contains($0.path) }
        document.withLock { $0 = OpenAPIDocument(routes: described, version: options.version).json }
        return ServiceRouter(routes: routes)
    }

    // MARK: - Models and sessions

    private var modelObject: JSON {
        [
            "id": .string(options.model), "object": "model", "created": .integer(startTime), "owned_by": "exec-agent",
        ]
    }

    private func models() -> HTTPResponse {
        HTTPResponse(json: ["object": "list", "data": [modelObject]])
    }

    private func model(_ name: String) throws -> HTTPResponse {
        guard name.lowercased() == options.model.lowercased() else {
            throw APIRequestError(
                404, "No model of this name is listed, but a request may name any model that the endpoint has.",
                param: "model", code: "model_not_found")
        }
        return HTTPResponse(json: modelObject)
    }

    private func endSession(of name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.user(inPath: name, of: request)
        let isRunning = chat.runs.turns.forget(user)
        let hadResponses = await responses.store.end(user)
        let wasKept = chat.conversations.end(user) || hadResponses
        return HTTPResponse(
            json: ["id": .string(name), "object": "session", "deleted": .bool(isRunning || wasKept)])
    }

    // MARK: - Tool servers

    private func health(_ isAuthorized: Bool) async -> HTTPResponse {
        let servers = await toolProvider.health()
        let isFailing = servers.contains { if case .failed = $0.state { true } else { false } }
        let isConnected = servers.contains { $0.state == .running }
        var answer: JSONObject = [
            "status": isFailing ? "degraded" : "healthy", "service": "agent-api",
            "mcp_server_connected": .bool(isConnected),
            "timestamp": .string(Timestamp.text(secondsSince1970: Timestamp.now)),
        ]
        // Names and reasons are only for authorized clients.
        if isAuthorized { answer["servers"] = .array(servers.map(\.json)) }
        return HTTPResponse(status: isFailing ? 503 : 200, json: .object(answer))
    }

    private func skills(_ request: HTTPRequest) async throws -> HTTPResponse {
        let skills = try await toolProvider.skills(of: user(of: request)).map { skill -> JSON in
            ["name": .string(skill.name), "description": .string(skill.description)]
        }
        return HTTPResponse(json: ["object": "list", "data": .array(skills)])
    }

    /// The person to whom the key belongs, or whom a front end names; `nil` for the default user.
    private func user(of request: HTTPRequest) -> String? {
        users.user(of: request).flatMap(UserName.forServers)
    }

    private func skill(_ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let text: String
        do throws(ToolServerError) {
            text = try await toolProvider.skill(named: name, of: user(of: request))
        } catch {
            throw error.isNotFound ? APIRequestError(404, error.message, code: "skill_not_found") : error
        }
        return HTTPResponse(
            headers: [HTTPHeader("Content-Type", "text/markdown; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    private func artifacts(of name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.user(inPath: name, of: request)
        let artifacts = try await toolProvider.artifacts(of: UserName.forServers(user)).map { artifact -> JSON in
            var object: JSONObject = ["name": .string(artifact.name), "media_type": .string(artifact.mediaType)]
            object["size"] = artifact.size.map(JSON.integer)
            object["path"] = .string("/\(Download.encoded(name))/artifacts/\(Download.encoded(artifact.name))")
            return .object(object)
        }
        return HTTPResponse(json: ["object": "list", "data": .array(artifacts)])
    }

    /// Opens a signed link from an answer. A key does not replace the signature: the route serves only that one file.
    private func linked(_ name: String, of user: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let verdict = links.verdict(on: request)
        guard verdict == .valid else { throw APIRequestError(link: verdict) }
        if request.method == "HEAD", let info = try await info(name, of: user) {
            let headers = Download.linkHeaders(of: name, type: info.mediaType, pictureType: info.pictureType)
            return HTTPResponse(headers: headers, body: .omitted(length: info.size))
        }
        let file = try await file(name, of: user)
        let info = try await listing(of: file, name, of: user)
        let headers = Download.linkHeaders(
            of: name, type: info?.mediaType ?? file.mediaType, pictureType: file.pictureType ?? info?.pictureType)
        return HTTPResponse(headers: headers, body: .bytes(file.bytes))
    }

    /// Returns a file's metadata, which is all that a HEAD request needs; `nil` if the file isn't listed.
    private func info(_ name: String, of user: String) async throws -> ArtifactInfo? {
        try await toolProvider.artifacts(of: UserName.forServers(user)).first {
            $0.name.utf8.elementsEqual(name.utf8)
        }
    }

    /// Returns the metadata of a file that is listed as a picture but isn't one, so that GET reports the same type as HEAD,
    /// which doesn't see the bytes; `nil` for any other file.
    private func listing(of file: ArtifactFile, _ name: String, of user: String) async throws -> ArtifactInfo? {
        guard file.pictureType == nil else { return nil }
        return try await info(name, of: user).flatMap { $0.pictureType == nil ? nil : $0 }
    }

    private func file(_ name: String, of user: String) async throws -> ArtifactFile {
        do throws(ToolServerError) {
            return try await toolProvider.artifact(named: name, of: UserName.forServers(user))
        } catch {
            throw error.isNotFound ? APIRequestError(404, error.message, code: "artifact_not_found") : error
        }
    }

    private func artifact(_ name: String, of userName: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.user(inPath: userName, of: request)
        if request.method == "HEAD", let info = try await info(name, of: user) {
            return HTTPResponse(
                headers: Download.headers(of: name, type: info.mediaType), body: .omitted(length: info.size))
        }
        let file = try await file(name, of: user)
        let type = try await listing(of: file, name, of: user)?.mediaType ?? file.mediaType
        return HTTPResponse(headers: Download.headers(of: name, type: type), body: .bytes(file.bytes))
    }
}

extension ToolServerHealth {
    fileprivate var json: JSON {
        var object: JSONObject = ["name": .string(name)]
        switch state {
        case .running: object["state"] = "running"
        case .starting: object["state"] = "starting"
        case .stopped: object["state"] = isBridged ? "bridged" : "stopped"
        case .failed(let reason):
            object["state"] = "failed"
            object["reason"] = .string(reason)
        }
        return .object(object)
    }
}
