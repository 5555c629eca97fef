import HTTPServer
import JSON
import MCP
import MCPServers
import Threading

/// The routes that say how the service and its sandboxes are, and that end sandboxes.
struct StatusRoutes: Sendable {
    /// Seconds to wait for what tool servers say about themselves.
    private static let patience = 3.0
    private static let examples = [
        "Plot sin(x) and cos(x) from 0 to 10 and save the chart as a PNG.",
        "Simulate 100,000 rolls of two dice and show the distribution as a table.",
        "Summarize the file that I attach: columns, types, missing values, outliers.",
        "Which version of Python is in your sandbox, and which packages are there?",
    ]

    let options: ServiceOptions
    let users: RequestUsers
    let toolProvider: any ToolProvider
    let runs: PageRuns

    private var access: any SandboxAccess { toolProvider.sandboxAccess }

    var all: [ServiceRoute] {
        [
            ServiceRoute(method: "GET", path: "/ui/status", description: PageText.status) { request, _ in
                try await status(request)
            },
            ServiceRoute(method: "DELETE", path: "/ui/sandbox", description: PageText.endSandbox) { request, _ in
                try await end(of: users.pageUser(of: request).forServers)
            },
            ServiceRoute(method: "GET", path: "/ui/sandboxes", description: PageText.sandboxes) { request, _ in
                try await sandboxes(request)
            },
            ServiceRoute(method: "DELETE", path: "/ui/sandboxes/{user}", description: PageText.endOtherSandbox) {
                request, values in
                try requireOperator(request)
                return try await end(of: UserName.forServers(Self.listedUser(values["user"] ?? "")))
            },
        ]
    }

    private func status(_ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request)
        async let limits = Self.answer { [access] in await access.limits() }
        async let sandbox = sandbox(of: user)
        let counts = toolProvider.toolCounts
        let servers = await toolProvider.health().map { Self.json($0, tools: counts[$0.name] ?? 0) }
        let fileLimits = await limits.flatMap { $0 }
        let state = await sandbox
        return HTTPResponse(
            json: [
                "version": .string(options.version),
                "user": ["name": .string(user.name), "is_bound": .bool(user.isBound)],
                "requires_key": .bool(!users.keys.isEmpty), "model": .string(options.model),
                "approval": .string(options.approval.rawValue), "servers": .array(servers),
                "limits": self.limits(fileLimits), "artifact_scripts": .string(options.artifactScripts.rawValue),
                "sandbox": state ?? ["state": "none"],
                "features": ["files": .bool(fileLimits != nil), "sandbox": .bool(state != nil)],
                "examples": .array(Self.examples.map(JSON.string)), "operator": .bool(user.isOperator),
            ])
    }

    private func limits(_ files: SandboxFiles.Limits?) -> JSON {
        var object = JSONObject()
        object["run_seconds"] = options.limits.seconds.map(JSON.double)
        object["turns"] = options.limits.turns.map(JSON.integer)
        object["tokens"] = options.limits.tokens.map(JSON.integer)
        object["upload_bytes"] = .integer(min(options.uploadBytes, files?.fileBytes ?? .max))
        object["detach_seconds"] = .double(options.detachSeconds)
        return .object(object)
    }

    /// Returns the state of a user's sandbox; `nil` if no server says it.
    private func sandbox(of user: PageUser) async -> JSON? {
        let status = await Self.answer { [access] in try? await access.status(of: user.forServers) }
        guard let status = status.flatMap({ $0 }) else { return nil }
        var object: JSONObject = ["state": .string(status.state.rawValue)]
        object["workspace_bytes"] = status.workspaceBytes.map(JSON.integer)
        object["workspace_limit"] = status.workspaceLimit.map(JSON.integer)
        return .object(object)
    }

    private static func answer<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value? {
        (try? await abandoning(after: patience, work)).flatMap { $0 }
    }

    private static func json(_ server: ToolServerHealth, tools: Int) -> JSON {
        var object: JSONObject = ["name": .string(server.name), "tools": .integer(tools)]
        switch server.state {
        case .running: object["state"] = "ready"
        case .starting: object["state"] = "starting"
        // Code calls a bridged one; another one starts when it is needed.
        case .stopped: object["state"] = server.isBridged ? "ready" : "stopped"
        case .failed(let reason):
            object["state"] = "failed"
            object["error"] = .string(reason)
        }
        if server.isBridged { object["bridged"] = true }
        return .object(object)
    }

    // MARK: - Sandboxes

    private func end(of user: String?) async throws -> HTTPResponse {
        do throws(SandboxFilesError) {
            _ = try await access.stop(of: user)
        } catch {
            throw APIRequestError(error)
        }
        return HTTPResponse(status: 204)
    }

    private func sandboxes(_ request: HTTPRequest) async throws -> HTTPResponse {
        try requireOperator(request)
        let list: [UserSandbox]
        do throws(SandboxFilesError) {
            list = try await access.sandboxes()
        } catch {
            throw APIRequestError(error)
        }
        return HTTPResponse(
            json: .array(
                list.map { sandbox in
                    var object: JSONObject = [
                        "user": .string(sandbox.user), "state": .string(sandbox.state.rawValue),
                    ]
                    object["container"] = sandbox.container.map(JSON.string)
                    object["since"] = sandbox.since.map(JSON.string)
                    return .object(object)
                }))
    }

    /// Returns a user as the list has it, whose name is that of a sandbox already.
    private static func listedUser(_ name: String) throws -> String {
        let isName = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || "_.-".utf8.contains(byte)
        }
        guard isName, (1...63).contains(name.utf8.count) else {
            throw APIRequestError(404, "There is no sandbox of this user.", code: "sandbox_not_found")
        }
        return name
    }

    private func requireOperator(_ request: HTTPRequest) throws {
        guard try users.pageUser(of: request).isOperator else {
            throw APIRequestError(
                403, "This needs an operator's key (*USER:KEY in AGENT_API_KEYS).", type: "permission_error",
                code: "operator_only")
        }
    }
}
