import HTTPServer
import JSON

/// The routes of conversations and their runs.
struct RunRoutes: Sendable {
    let options: ServiceOptions
    let users: RequestUsers
    let budgets: RateLimiter
    let conversations: Conversations
    let runs: PageRuns
    let uploads: any SandboxAccess

    var all: [ServiceRoute] {
        [
            ServiceRoute(method: "GET", path: "/ui/conversations", description: PageText.conversations) { request, _ in
                try await list(request)
            },
            ServiceRoute(method: "GET", path: "/ui/conversations/{id}", description: PageText.conversation) {
                request, values in
                try await read(values["id"] ?? "", request)
            },
            ServiceRoute(method: "PATCH", path: "/ui/conversations/{id}", description: PageText.rename) {
                request, values in
                try await rename(values["id"] ?? "", request)
            },
            ServiceRoute(method: "DELETE", path: "/ui/conversations/{id}", description: PageText.deleteConversation) {
                request, values in
                try await delete(values["id"] ?? "", request)
            },
            ServiceRoute(method: "POST", path: "/ui/runs", description: PageText.createRun) { request, _ in
                try await create(request)
            },
            ServiceRoute(method: "GET", path: "/ui/runs/{id}/events", description: PageText.events) { request, values in
                try await events(of: values["id"] ?? "", request)
            },
            ServiceRoute(method: "DELETE", path: "/ui/runs/{id}", description: PageText.stopRun) { request, values in
                try await stop(values["id"] ?? "", request)
            },
        ]
    }

    // MARK: - Conversations

    private func list(_ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request).name
        var list: [JSON] = []
        for summary in await conversations.all(of: user) {
            list.append(.object(await members(of: summary)))
        }
        return HTTPResponse(json: ["conversations": .array(list)])
    }

    private func members(of summary: PageConversation.Summary) async -> JSONObject {
        var object: JSONObject = [
            "id": .string(summary.id), "title": .string(summary.title),
            "created": .string(PageTime.text(summary.created)), "updated": .string(PageTime.text(summary.updated)),
            "turns": .integer(summary.turnCount),
        ]
        object["run_id"] = await runs.running(in: summary.id).map { .string($0.id) }
        return object
    }

    private func read(_ id: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request).name
        // Before the conversation: a run that ends meanwhile is then in the conversation as a whole.
        let run = await runs.running(in: id)
        guard var conversation = await conversations.conversation(id, of: user) else {
            throw APIRequestError.noConversation
        }
        if let run, let last = conversation.turns.indices.last, conversation.turns[last].runID == run.id,
            conversation.turns[last].state == .running
        {
            conversation.turns[last].keep(run.log.entries.map(\.event))
        }
        var object = await members(of: conversation.summary)
        object["turns"] = .array(conversation.turns.map(\.json))
        return HTTPResponse(json: .object(object))
    }

    private func rename(_ id: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request).name
        let title = try PageBody(request).text("title") ?? ""
        guard let summary = try await conversations.rename(id, of: user, to: title) else {
            throw APIRequestError.noConversation
        }
        return HTTPResponse(json: .object(await members(of: summary)))
    }

    private func delete(_ id: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request).name
        if let run = await runs.running(in: id), run.user == user { await runs.stop(in: id) }
        guard await conversations.remove(id, of: user) else { throw APIRequestError.noConversation }
        return HTTPResponse(status: 204)
    }

    // MARK: - Runs

    private func create(_ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request)
        let parsed = try RunRequest(request)
        if let seconds = budgets.acquire("user \(user.name)") {
            throw APIRequestError.tooManyRequests(seconds: seconds)
        }
        let run = try await runs.start(parsed, attachments: await attachments(parsed, user), of: user.name)
        return HTTPResponse(
            status: 201,
            json: [
                "id": .string(run.id), "conversation_id": .string(run.conversation), "turn": .integer(run.turn),
            ])
    }

    /// Returns the files of a message, with their sizes if the sandbox lists them.
    private func attachments(_ request: RunRequest, _ user: PageUser) async -> [PageTurn.Attachment] {
        var sizes: [String: Int] = [:]
        let directories = Set(
            request.attachments.map { path in String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)) })
        for directory in directories.prefix(4) where !directory.isEmpty {
            let listing = try? await uploads.list(directory, of: user.forServers)
            for entry in listing?.entries ?? [] { sizes["\(directory)/\(entry.name)"] = entry.size }
        }
        return request.attachments.map { path in
            let name = path.split(separator: "/").last.map(String.init) ?? path
            return PageTurn.Attachment(name: name, path: path, size: sizes[path])
        }
    }

    private func events(of id: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request).name
        let stream = RunStream(signOfLifeSeconds: options.signOfLifeSeconds)
        let named = request.header("last-event-id").flatMap { Int($0) }
        let asked = try PageQuery(request).number("after") ?? named ?? 0
        // The next number must exist too.
        let after = min(max(0, asked), Int.max - 1)
        if let run = await runs.run(id, of: user) { return stream.response(of: run, after: after) }
        return stream.response(of: try await turn(of: id, user), after: after)
    }

    private func stop(_ id: String, _ request: HTTPRequest) async throws -> HTTPResponse {
        let user = try users.pageUser(of: request).name
        if let run = await runs.run(id, of: user) { await run.stop(.user) } else { _ = try await turn(of: id, user) }
        return HTTPResponse(status: 202, json: ["id": .string(id)])
    }

    /// Returns the turn of a run that has ended.
    private func turn(of id: String, _ user: String) async throws(APIRequestError) -> PageTurn {
        let conversation = PageConversation.id(ofRun: id)
        guard let conversation, let found = await conversations.conversation(conversation, of: user),
            let turn = found.turns.last(where: { $0.runID == id })
        else {
            throw APIRequestError(404, "There is no run with this id.", code: "run_not_found")
        }
        return turn
    }
}
