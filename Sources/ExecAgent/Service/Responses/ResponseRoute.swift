import HTTPServer
import JSON
import OpenAI
import SystemCalls

/// `/v1/responses`: runs of the agent, presented as responses.
struct ResponseRoute: Sendable {
    private static let path = "/v1/responses"
    private static let maxListed = 100

    let runs: ServedRuns
    let store: ResponseStore
    let toolProvider: any ToolProvider

    private var options: ServiceOptions { runs.options }

    var all: [ServiceRoute] {
        [
            ServiceRoute(method: "POST", path: Self.path, description: ResponseText.create) { request, _ in
                try await create(request)
            },
            ServiceRoute(method: "GET", path: "\(Self.path)/{id}", description: ResponseText.retrieve) {
                request, values in
                try retrieve(values, request)
            },
            ServiceRoute(method: "DELETE", path: "\(Self.path)/{id}", description: ResponseText.delete) {
                request, values in
                try await delete(values, request)
            },
            ServiceRoute(method: "POST", path: "\(Self.path)/{id}/cancel", description: ResponseText.cancel) {
                request, values in
                try await cancel(values, request)
            },
            ServiceRoute(method: "GET", path: "\(Self.path)/{id}/input_items", description: ResponseText.inputItems) {
                request, values in
                let response = try response(values, request)
                let page = try ListPage(PageQuery(request), maxCount: Self.maxListed, defaultCount: 20)
                return HTTPResponse(json: page.json(response.input))
            },
        ]
    }

    // MARK: - Create

    private func create(_ request: HTTPRequest) async throws -> HTTPResponse {
        let call = try ResponseCall(request, ownModel: options.model, users: runs.users, responses: store)
        try runs.attachments.check(call.messages, of: call.caller.user)
        try runs.admit(call)
        // A response says itself what it continues, so runs need not be serialized.
        let turn = try runs.turns.acquire(for: nil)
        let isBackground = call.request.isBackground
        let head = ResponseEnvelope(
            word: RandomWord.make(48), created: time(nil), model: call.model ?? options.model, request: call.request,
            isStored: call.request.isStored && store.keepsResponses, isDemanded: call.demand != nil)
        let items = call.request.input.listed { kind, place in "\(kind)_\(head.word)_in\(place)" }
        let response = LiveResponse(
            head, user: call.caller.user, input: items.map(JSON.object), isBackground: isBackground)
        guard isBackground else {
            return call.request.isStreamed
                ? stream(call, response, turn) : try await whole(call, response, turn)
        }
        response.update { $0.create(isQueued: true) }
        try store.start(response) { await work(call, response, turn) }
        return call.request.isStreamed
            ? follow(response, from: 0) : HTTPResponse(json: response.json)
    }

    private func run(
        _ call: ResponseCall, _ response: LiveResponse, limits: RunLimits? = nil,
        onEvents: @escaping @Sendable ([JSONObject]) async -> Void
    ) -> ResponseRun {
        ResponseRun(
            call: call, response: response, runs: runs, store: store, limits: limits ?? options.limits,
            serverName: { [toolProvider] in toolProvider.serverName(ofTool: $0) }, onEvents: onEvents)
    }

    private func whole(
        _ call: ResponseCall, _ response: LiveResponse, _ turn: PerUserQueue.Turn
    ) async throws -> HTTPResponse {
        response.update { $0.create(isQueued: false) }
        do {
            try await run(call, response) { _ in }.run(turn)
        } catch {
            throw runs.failure(of: error, call, id: response.name)
        }
        return HTTPResponse(json: response.json)
    }

    private func stream(_ call: ResponseCall, _ response: LiveResponse, _ turn: PerUserQueue.Turn) -> HTTPResponse {
        HTTPResponse { writer in
            let live = LiveWriter(writer)
            let send: @Sendable ([JSONObject]) async throws -> Void = { events in
                try await live.send(events.flatMap(EventStream.typedEvent))
            }
            try await send(response.update { $0.create(isQueued: false) })
            do {
                try await live.whileAlive(everySeconds: options.signOfLifeSeconds) {
                    // If the client is gone, the run is cancelled anyway.
                    try await run(call, response) { try? await send($0) }.run(turn)
                }
            } catch  where !(error is CancellationError || error is ConnectionClosedError) {
                try await send(response.fail(runs.failure(of: error, call, id: response.name)))
            }
        }
    }

    // MARK: - In the background

    /// Works on a response that belongs to the service, and keeps it whatever its end.
    private func work(_ call: ResponseCall, _ response: LiveResponse, _ turn: PerUserQueue.Turn) async {
        var limits = options.limits
        // Without a limit nothing would end a run that nobody waits for.
        limits.seconds = min(limits.seconds ?? options.maxBackgroundSeconds, options.maxBackgroundSeconds)
        do {
            try await run(call, response, limits: limits) { _ in }.run(turn)
            return
        } catch  where Task.isCancelled {
            response.update { $0.cancel(usage: .unknown) }
        } catch {
            response.fail(runs.failure(of: error, call, id: response.name))
        }
        store.keep(response)
    }

    /// Sends the events from one on, until the response is done.
    private func follow(_ response: LiveResponse, from number: Int) -> HTTPResponse {
        HTTPResponse { writer in
            guard let log = response.log else { return }
            let live = LiveWriter(writer)
            try await live.whileAlive(everySeconds: options.signOfLifeSeconds) {
                // The log counts from 1, the API from 0.
                var sent = number
                while true {
                    switch try await log.next(after: sent) {
                    case .end: return
                    case .gap(let missing): sent = missing.upperBound
                    case .events(let entries):
                        try await live.send(entries.flatMap { EventStream.typedEvent($0.event) })
                        sent = entries.last?.number ?? sent
                    }
                }
            }
        }
    }

    // MARK: - Existing responses

    /// - Throws: ``APIRequestError`` with status 404, also for a response of another user, about which it says nothing.
    private func response(_ values: [String: String], _ request: HTTPRequest) throws -> LiveResponse {
        let id = values["id"] ?? ""
        let user = runs.users.user(named: try PageQuery(request).text("user"), of: request)
        guard let response = store.response(id, of: user) else {
            throw APIRequestError(
                404,
                "There is no response with the id '\(id.prefix(100))': it was not stored, was deleted, or has expired.",
                param: "response_id", code: "response_not_found")
        }
        return response
    }

    private func retrieve(_ values: [String: String], _ request: HTTPRequest) throws -> HTTPResponse {
        let response = try response(values, request)
        let query = try PageQuery(request)
        guard ["true", "1"].contains(query.text("stream")?.lowercased()) else {
            return HTTPResponse(json: response.json)
        }
        guard response.log != nil else {
            throw APIRequestError(
                400, "Only a response that was created with 'background' can be streamed again.", param: "stream",
                code: "not_background")
        }
        let last = try query.number("starting_after")
        return follow(response, from: last.map { min($0, .max - 1) + 1 } ?? 0)
    }

    private func cancel(_ values: [String: String], _ request: HTTPRequest) async throws -> HTTPResponse {
        let response = try response(values, request)
        guard response.log != nil else {
            throw APIRequestError(
                400, "Only a response that was created with 'background' can be cancelled.", code: "not_background")
        }
        await store.cancel(response.name)
        return HTTPResponse(json: response.json)
    }

    private func delete(_ values: [String: String], _ request: HTTPRequest) async throws -> HTTPResponse {
        let response = try response(values, request)
        await store.cancel(response.name)
        store.remove(response.name)
        return HTTPResponse(json: ["id": .string(response.name), "object": "response", "deleted": true])
    }
}
