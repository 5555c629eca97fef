import JSON
import OpenAI
import TestSupport
import Testing
import Threading

@testable import ExecAgent

/// Responses whose runs belong to the service.
@Suite(.timeLimit(.minutes(3))) struct BackgroundResponseTests {
    /// A runner that says `one`, waits for the event, and says `two`.
    private static func gated(_ gate: AsyncEvent, _ started: AsyncEvent) -> FakeRunner {
        FakeRunner { _, tell in
            await tell(.text("one"))
            started.complete()
            try await gate.waitUnlessCancelled()
            await tell(.text(" two"))
            return RunResult(
                messages: [ChatMessage(role: .assistant, text: "one two")], end: .answered,
                usage: TokenUsage(prompt: 1, completion: 1))
        }
    }

    private func start(_ trial: ServiceTrial, _ more: JSONObject = [:]) async throws -> (answer: Answer, path: String) {
        var body: JSONObject = ["input": "hi", "background": true]
        for member in more { body[member.key] = member.value }
        let answer = try await trial.respond(body)
        return (answer, "/v1/responses/\(answer.json["id"]?.stringValue ?? "")")
    }

    @Test func theRunGoesOnWithoutItsClient() async throws {
        let (gate, started) = (AsyncEvent(), AsyncEvent())
        try await ServiceTrial(Self.gated(gate, started)).run { trial in
            let (answer, path) = try await start(trial)
            #expect(answer.status == 200)
            #expect(["queued", "in_progress"].contains(answer.json["status"]))
            #expect(answer.json["background"] == true)
            try await started.waitUnlessCancelled()
            let meanwhile = try await trial.ask("GET", path).json
            #expect(meanwhile["status"] == "in_progress")
            #expect(Answer.outputText(meanwhile) == "one")
            // Its events from the start, as they come to be.
            let watcher = try trial.send("GET", "\(path)?stream=true")
            gate.complete()
            let events = try await Answer(watcher.readToEnd())
            #expect(events.eventTypes.prefix(3) == ["response.created", "response.queued", "response.in_progress"])
            #expect(events.eventTypes.last == "response.completed")
            #expect(events.chunks.map { $0["sequence_number"] } == (0..<events.chunks.count).map { .integer($0) })
            let ended = try await trial.ask("GET", path).json
            #expect(Answer.outputText(ended) == "one two")
            #expect(ended["status"] == "completed")
            // The rest, after the end.
            let rest = try await trial.ask("GET", "\(path)?stream=true&starting_after=2")
            #expect(rest.chunks == Array(events.chunks.dropFirst(3)))
            #expect(try await trial.ask("GET", "\(path)?stream=true&starting_after=\(Int.max)").chunks.isEmpty)
            let next = try await trial.respond(["input": "more", "previous_response_id": ended["id"] ?? .null])
            #expect(next.status == 200)
        }
    }

    @Test func aStreamThatIsLostEndsNothing() async throws {
        let (gate, started) = (AsyncEvent(), AsyncEvent())
        try await ServiceTrial(Self.gated(gate, started)).run { trial in
            let client = try trial.send("POST", "/v1/responses", ["input": "hi", "background": true, "stream": true])
            try await started.waitUnlessCancelled()
            let head = try await client.read(through: "\"sequence_number\":0")
            let id = try #require(head.firstMatch(of: /"id":"(resp_[a-z0-9]+)"/)?.1)
            client.reset()
            gate.complete()
            let events = try await trial.ask("GET", "/v1/responses/\(id)?stream=true&starting_after=0")
            #expect(events.eventTypes.last == "response.completed")
            #expect(events.chunks.first?["sequence_number"] == 1)
        }
    }

    @Test func cancellingEndsTheRun() async throws {
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events)).run { trial in
            let (_, path) = try await start(trial)
            try await events.wait(forCount: 1)
            let early = try await trial.respond([
                "input": "x", "previous_response_id": .string(String(path.dropFirst(14))),
            ])
            #expect(early.error?["code"] == "previous_response_not_complete")
            let cancelled = try await trial.ask("POST", "\(path)/cancel")
            #expect(cancelled.json["status"] == "cancelled")
            #expect(cancelled.json["usage"]?["total_tokens"] == 0)
            #expect(events.elements == ["started", "cancelled"])
            #expect(try await trial.ask("POST", "\(path)/cancel").json["status"] == "cancelled")
            #expect(try await trial.ask("GET", path).json["status"] == "cancelled")
            #expect(try await trial.ask("GET", "\(path)?stream=true").eventTypes.last == "response.incomplete")
        }
    }

    @Test func deletingEndsTheRun() async throws {
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events)).run { trial in
            let (_, path) = try await start(trial)
            try await events.wait(forCount: 1)
            #expect(try await trial.ask("DELETE", path).status == 200)
            #expect(events.elements == ["started", "cancelled"])
            #expect(try await trial.ask("GET", path).status == 404)
        }
    }

    @Test func theEndOfASessionEndsTheRunsOfItsUser() async throws {
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events)).run { trial in
            let (_, anns) = try await start(trial, ["user": "ann"])
            let (_, bobs) = try await start(trial, ["user": "bob"])
            try await events.wait(forCount: 2)
            #expect(try await trial.ask("DELETE", "/v1/sessions/ann").json["deleted"] == true)
            #expect(events.elements == ["started", "started", "cancelled"])
            #expect(try await trial.ask("GET", anns).status == 404)
            #expect(try await trial.ask("GET", bobs).json["status"] == "in_progress")
            #expect(try await trial.ask("DELETE", "/v1/sessions/ann").json["deleted"] == false)
        }
    }

    @Test func theEndOfTheServiceEndsTheRun() async throws {
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events)).run { trial in
            _ = try await start(trial)
            try await events.wait(forCount: 1)
        }
        #expect(events.elements == ["started", "cancelled"])
    }

    @Test func nothingIsStartedAfterTheEndOfTheService() async throws {
        let store = ResponseStore(seconds: 10, maxCount: 10, maxBytes: 1000, maxRunning: 10, maxRunningPerUser: 10)
        let request = try ResponseRequest(parsing: ["input": "x", "background": true])
        let head = ResponseEnvelope(
            word: "w", created: 7, model: "m", request: request, isStored: true, isDemanded: false)
        await store.close()
        let response = LiveResponse(head, user: "ann", input: [], isBackground: true)
        #expect(throws: APIRequestError.self) { try store.start(response) {} }
        #expect(store.response(head.id, of: nil) == nil)
    }

    @Test func aFailureIsKept() async throws {
        let runner = FakeRunner { _, _ in throw ModelError(kind: .unavailable, message: "down") }
        try await ServiceTrial(runner).run { trial in
            let (_, path) = try await start(trial)
            #expect(try await trial.ask("GET", "\(path)?stream=true").eventTypes.last == "response.failed")
            let failed = try await trial.ask("GET", path).json
            #expect(failed["status"] == "failed")
            #expect(failed["error"]?["code"] == "server_error")
            #expect(failed["error"]?["message"] == "down")
        }
    }

    @Test func thereAreOnlySoMany() async throws {
        var options = ServiceOptions()
        (options.maxBackgroundRuns, options.maxBackgroundRunsOfUser) = (3, 2)
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events), options: options).run { trial in
            for _ in 0..<2 { #expect(try await start(trial, ["user": "ann"]).answer.status == 200) }
            #expect(try await start(trial, ["user": "ann"]).answer.error?["code"] == "too_many_runs")
            let (last, path) = try await start(trial, ["user": "bob"])
            #expect(last.status == 200)
            #expect(try await start(trial, ["user": "eve"]).answer.status == 429)
            #expect(try await trial.ask("DELETE", path).status == 200)
            #expect(try await start(trial, ["user": "eve"]).answer.status == 200)
        }
    }

    @Test func itHasALimitOfItsOwn() async throws {
        var options = ServiceOptions()
        options.limits.seconds = nil
        options.maxBackgroundSeconds = 77
        let limits = Recorder<RunLimits>()
        let runner = LimitRunner(limits: limits)
        let service = Service(
            options: {
                var free = options; free.port = 0; return free
            }(), runner: runner,
            toolProvider: FakeToolBox(), log: { _ in })
        try await service.start()
        try await closing(with: service.stop) {
            let port = Int(service.addresses[0].split(separator: ":").last ?? "") ?? 0
            for isBackground in [true, false] {
                let body = #"{"input":"x","background":\#(isBackground)}"#
                let client = try RawClient(port: port)
                try client.send(
                    "POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
                        + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                _ = try await client.readToEnd()
            }
            try await limits.wait(forCount: 2)
        }
        #expect(Set(limits.elements.map(\.seconds)) == [77, nil])
    }

    @Test func othersCannotBeCancelledOrStreamedAgain() async throws {
        try await ServiceTrial().run { trial in
            let id = try await trial.respond(["input": "hi"]).json["id"]?.stringValue ?? ""
            #expect(try await trial.ask("POST", "/v1/responses/\(id)/cancel").error?["code"] == "not_background")
            #expect(try await trial.ask("GET", "/v1/responses/\(id)?stream=true").error?["code"] == "not_background")
        }
    }
}

/// Records the limits of its runs.
private struct LimitRunner: AgentRunner {
    let limits: Recorder<RunLimits>

    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        answerer: (any QuestionAnswerer)?, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        self.limits.record(limits)
        return await FakeRunner.says("hello", onEvent)
    }
}
