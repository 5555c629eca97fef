import HTTPServer
import JSON
import MCP
import MCPServers
import OpenAI
import SystemCalls
import TestSupport
import Testing
import Threading

@testable import ExecAgent

/// Runs of the page, which go on without the one who started them.
@Suite(.timeLimit(.minutes(3))) struct PageRunTests {
    @Test func aRunGoesOnWithoutAWatcherAndIsReplayed() async throws {
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 3)).run { trial async throws in
            let (run, conversation) = try await trial.start("count")
            stepping.go(0)
            let lost = try trial.send("GET", "/ui/runs/\(run)/events")
            try await lost.read(through: "\"text\":\"0 \"")
            lost.reset()
            stepping.go(1)
            stepping.go(2)
            let all = try await trial.watch(run)
            #expect(all.text == "0 1 2 ")
            #expect(all.numbers == [1, 2, 3, 4])
            #expect(all.end?["state"] == "answered")
            #expect(all.end?["usage"] == ["prompt_tokens": 3, "completion_tokens": 4])
            for number in 0...4 {
                #expect(try await trial.watch(run, after: number).numbers == Array(all.numbers.dropFirst(number)))
            }
            let stored = try await trial.ask("GET", "/ui/conversations/\(conversation)").json
            let turn = try #require(stored["turns"]?.arrayValue?.first)
            #expect(turn["state"] == "answered")
            #expect(turn["events"]?.arrayValue?.map { $0["type"] } == ["text", "finished"])
            #expect(turn["events"]?.arrayValue?.first?["text"] == "0 1 2 ")
            #expect(stored["run_id"] == nil)
        }
        #expect(stepping.cancelled.elements.isEmpty)
    }

    @Test func severalWatchersSeeTheSame() async throws {
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 2)).run { trial async throws in
            let (run, conversation) = try await trial.start()
            let watchers = (0..<3).map { _ in Task { try await trial.watch(run) } }
            stepping.go(0)
            #expect(
                try await trial.ask("GET", "/ui/conversations").json["conversations"]?.arrayValue?.first?["run_id"]
                    == .string(run))
            #expect(try await trial.ask("GET", "/ui/conversations/\(conversation)").json["run_id"] == .string(run))
            stepping.go(1)
            for watcher in watchers { #expect(try await watcher.value.text == "0 1 ") }
        }
    }

    @Test func lastEventIdSaysWhereToGoOn() async throws {
        try await ServiceTrial(SteppingRunner().runner(steps: 0)).run { trial async throws in
            let (run, _) = try await trial.start()
            #expect(try await trial.watch(run).types == ["finished"])
            let rest = try await trial.ask("GET", "/ui/runs/\(run)/events", fields: "Last-Event-ID: 1\r\n")
            #expect(WatchedEvents(rest).all.isEmpty)
        }
    }

    @Test func stoppingCancelsTheRun() async throws {
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 2)).run { trial async throws in
            let (run, conversation) = try await trial.start("long work")
            stepping.go(0)
            let watcher = Task { try await trial.watch(run) }
            try await stepping.started.wait(forCount: 1)
            #expect(try await trial.ask("DELETE", "/ui/runs/\(run)").status == 202)
            let events = try await watcher.value
            #expect(events.end?["state"] == "stopped")
            #expect(events.end?["error"] == nil)
            #expect(stepping.cancelled.elements == ["long work"])
            // What it did is known to the next run.
            let again = try await trial.start("and now?", ["conversation_id": .string(conversation)])
            stepping.go(1)
            #expect(try await trial.watch(again.run).end?["state"] == "answered")
            #expect(try await trial.ask("DELETE", "/ui/runs/\(run)").status == 202)
        }
    }

    @Test func aStoppedRunIsRememberedWithItsCalls() async throws {
        let reached = Recorder<Int>()
        let runner = FakeRunner { request, tell in
            guard request.conversation.count == 1 else { return await FakeRunner.says("ok", tell) }
            await tell(.text("I look."))
            await tell(.toolStarted(ChatToolCall(id: "c1", name: "execute_bash", arguments: #"{"command":"ls"}"#)))
            await tell(.toolStarted(ChatToolCall(id: "c2", name: "execute_bash", arguments: #"{"command":"sleep"}"#)))
            let outcome = ToolOutcome(
                content: [], exitCode: 0,
                streams: ToolOutcome.Streams(
                    standardOutput: "a.csv", standardError: "", isTimedOut: false, isTruncated: false))
            await tell(.toolOutput(ToolOutput(outcome, of: "c1")))
            await tell(
                .toolEnded(
                    AgentEvent.ToolEnd(
                        callID: "c1", name: "execute_bash", isError: false, exitCode: 0, duration: 1, artifacts: [])))
            reached.record(1)
            try await Task.sleep(for: .seconds(3600))
            throw CancellationError()
        }
        try await ServiceTrial(runner).run { trial async throws in
            let (run, conversation) = try await trial.start()
            try await reached.wait(forCount: 1)
            _ = try await trial.ask("DELETE", "/ui/runs/\(run)")
            _ = try await trial.watch(run)
            let next = try await trial.start("and?", ["conversation_id": .string(conversation)])
            #expect(try await trial.watch(next.run).text == "ok")
        }
        let messages = try #require(runner.requests.elements.last).conversation
        #expect(messages.map(\.role) == [.user, .assistant, .tool, .tool, .assistant, .user])
        #expect(messages[1].toolCalls.map(\.id) == ["c1", "c2"])
        #expect(messages[2].text == "exit code 0\nstdout:\na.csv")
        #expect(messages[3].text.hasPrefix("Not finished"))
        #expect(messages[4].text.contains("stopped"))
    }

    @Test func aRunThatNobodyWatchesEnds() async throws {
        // The time is up when a test says so.
        let isUp = AsyncEvent()
        let waits = Recorder<Double>()
        let clock = MonotonicClock(now: { 0 }) { seconds in
            waits.record(seconds)
            try await isUp.waitUnlessCancelled()
        }
        var options = ServiceOptions()
        options.detachSeconds = 77
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 1), options: options, clock: clock).run { trial async throws in
            let (run, conversation) = try await trial.start()
            try await waits.wait(forCount: 1)
            #expect(waits.elements.first == 77)
            let watcher = try trial.send("GET", "/ui/runs/\(run)/events")
            try await watcher.read(through: ": working")
            watcher.reset()
            // The wait begins anew when the last watcher has gone.
            try await waits.wait(forCount: 2)
            isUp.complete()
            try await stepping.cancelled.wait(forCount: 1)
            let end = try await trial.watch(run).end
            #expect(end?["state"] == "stopped")
            #expect(end?["error"]?["code"] == "unwatched")
            let turn = try await trial.ask("GET", "/ui/conversations/\(conversation)").json["turns"]?.arrayValue?.first
            #expect(turn?["error"]?["code"] == "unwatched")
        }
        #expect(stepping.cancelled.elements.count == 1)
    }

    @Test func whatFailsIsAStateOfTheTurn() async throws {
        let runner = FakeRunner { _, tell in
            await tell(.text("half"))
            throw ModelError(kind: .rateLimited, message: "slow down")
        }
        try await ServiceTrial(runner).run { trial async throws in
            let (run, conversation) = try await trial.start()
            let end = try await trial.watch(run).end
            #expect(end?["state"] == "failed")
            #expect(end?["error"] == ["message": "slow down", "code": "upstream_rate_limited"])
            let turn = try await trial.ask("GET", "/ui/conversations/\(conversation)").json["turns"]?.arrayValue?.first
            #expect(turn?["state"] == "failed")
            #expect(turn?["events"]?.arrayValue?.first?["text"] == "half")
        }
    }

    @Test(arguments: [
        (RunResult.End.cut, "cut"), (.limit("[Stopped.]"), "limit"),
    ])
    func saysHowARunEnded(end: RunResult.End, state: String) async throws {
        try await ServiceTrial(FakeRunner { _, tell in await FakeRunner.says("x", tell, end: end) }).run {
            trial async throws in
            let (run, _) = try await trial.start()
            #expect(try await trial.watch(run).end?["state"] == .string(state))
        }
    }

    @Test func aConversationHasOneRunAtATime() async throws {
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 1)).run { trial async throws in
            let (run, conversation) = try await trial.start()
            let body: JSON = ["text": "more", "conversation_id": .string(conversation)]
            let busy = try await trial.ask("POST", "/ui/runs", body)
            #expect(busy.status == 409)
            #expect(busy.error?["code"] == "conversation_busy")
            stepping.go(0)
            _ = try await trial.watch(run)
            #expect(try await trial.ask("POST", "/ui/runs", body).status == 201)
        }
    }

    @Test func aUserHasALimitedNumberOfRuns() async throws {
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 1)).run { trial async throws in
            let asked = (0..<PageRuns.maxPerUser + 4).map { _ in
                Task { try await trial.ask("POST", "/ui/runs", ["text": "go"]).status }
            }
            var statuses: [Int] = []
            for answer in asked { statuses.append(try await answer.value) }
            #expect(statuses.filter { $0 == 201 }.count == PageRuns.maxPerUser)
            #expect(statuses.filter { $0 == 429 }.count == 4)
            _ = try await trial.start(fields: "X-Agent-User: ann\r\n")
        }
    }

    @Test func aBusyConversationOfAnotherUserDoesNotExist() async throws {
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 1)).run { trial async throws in
            let (run, conversation) = try await trial.start(fields: "X-Agent-User: ann\r\n")
            let body: JSON = ["text": "more", "conversation_id": .string(conversation)]
            let foreign = try await trial.ask("POST", "/ui/runs", body)
            let unknown = try await trial.ask(
                "POST", "/ui/runs", ["text": "more", "conversation_id": .string(PageConversation.makeID())])
            #expect(foreign.status == 404)
            #expect(foreign.json == unknown.json)
            stepping.go(0)
            _ = try await trial.watch(run, fields: "X-Agent-User: ann\r\n")
        }
    }

    @Test func turnsThatHaveEndedAreReplayedFromTheirFiles() async throws {
        let trial = ServiceTrial(FakeRunner { _, tell in await FakeRunner.says("hello", tell) })
        try await trial.run { trial async throws in
            // More runs than those whose whole logs are kept.
            let (run, conversation) = try await trial.start()
            let live = try await trial.watch(run)
            for _ in 0..<20 {
                let next = try await trial.start("more", ["conversation_id": .string(conversation)])
                _ = try await trial.watch(next.run)
            }
            let stored = try await trial.watch(run)
            #expect(stored.text == "hello")
            #expect(stored.types == ["text", "finished"])
            #expect(stored.numbers == [2, 3])
            #expect(stored.end?["state"] == live.end?["state"])
            // A part of a text cannot be sent any more.
            let part = try await trial.watch(run, after: 1)
            #expect(part.types == ["gap", "finished"])
            #expect(part.all.first == ["type": "gap", "from": 2, "to": 2])
            #expect(try await trial.watch(run, after: 2).types == ["finished"])
            #expect(try await trial.watch(run, after: 3).types == [])
        }
    }

    @Test func deletingAConversationStopsItsRun() async throws {
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 1)).run { trial async throws in
            let (run, conversation) = try await trial.start()
            let watcher = Task { try await trial.watch(run) }
            try await stepping.started.wait(forCount: 1)
            #expect(try await trial.ask("DELETE", "/ui/conversations/\(conversation)").status == 204)
            #expect(stepping.cancelled.elements.count == 1)
            #expect(try await watcher.value.end?["state"] == "stopped")
            #expect(try await trial.ask("GET", "/ui/conversations/\(conversation)").status == 404)
        }
    }

    @Test func aTextIsStoredThoughNothingFollowsIt() async throws {
        let directory = try TemporaryDirectory()
        var options = ServiceOptions()
        options.sessionDirectory = directory.path
        let stepping = SteppingRunner()
        try await ServiceTrial(stepping.runner(steps: 2), options: options).run { trial async throws in
            let (run, conversation) = try await trial.start()
            stepping.go(0)
            try await eventually {
                let turn = try FileStorageFinder.read(directory.path, conversation)?.turns.last
                return turn?.state == .running && turn?.events.contains { $0["text"] == "0 " } == true
            }
            stepping.go(1)
            _ = try await trial.watch(run)
        }
    }

    @Test func stoppingTheServiceEndsRunsAndTellsTheirWatchers() async throws {
        let directory = try TemporaryDirectory()
        var options = ServiceOptions()
        options.sessionDirectory = directory.path
        options.graceSeconds = 60
        let stepping = SteppingRunner()
        let trial = ServiceTrial(stepping.runner(steps: 1), options: options)
        var ids: (run: String, conversation: String)?
        var watcher: Task<WatchedEvents, any Error>?
        try await trial.run { trial async throws in
            let started = try await trial.start()
            ids = started
            let client = try trial.send("GET", "/ui/runs/\(started.run)/events")
            let beginning = try await client.read(through: ": working")
            watcher = Task { WatchedEvents(try await Answer(beginning + client.readToEnd())) }
        }
        let watched = try await #require(watcher).value
        #expect(watched.end?["state"] == "stopped")
        #expect(watched.end?["error"]?["code"] == "service_stopped")
        await trial.service.waitUntilStopped()
        #expect(stepping.cancelled.elements.count == 1)
        let file = try FileStorageFinder.read(directory.path, #require(ids).conversation)
        #expect(file?.turns.first?.state == .stopped)
        #expect(file?.turns.first?.failure?.code == "service_stopped")
    }

    @Test(
        arguments: [
            (["text": ""], 400), (["text": 1], 400), ([:], 400), (["text": "x", "attachments": ["relative"]], 400),
            (["text": "x", "attachments": ["/a\nb"]], 400), (["text": "x", "replace_turn": 0], 400),
            (["text": "x", "conversation_id": "conversation_aaaaaaaaaaaaaaaaaaaaaaaa"], 404),
            (["text": "x", "conversation_id": "../../etc/passwd"], 404),
        ] as [(JSON, Int)])
    func refusesWhatIsNoMessage(body: JSON, status: Int) async throws {
        try await ServiceTrial().run { trial async throws in
            #expect(try await trial.ask("POST", "/ui/runs", body).status == status)
            #expect(try await trial.ask("GET", "/ui/conversations").json["conversations"] == [])
        }
    }

    @Test func refusesTheBodiesOfForms() async throws {
        try await ServiceTrial().run { trial async throws in
            for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
                let client = try RawClient(port: trial.port)
                try client.send(
                    "POST /ui/runs HTTP/1.1\r\nHost: 127.0.0.1:\(trial.port)\r\nConnection: close\r\n"
                        + "Content-Type: \(type)\r\nContent-Length: 14\r\n\r\n{\"text\": \"hi\"}")
                #expect(try await Answer(client.readToEnd()).status == 415)
            }
        }
    }

    @Test func attachmentsAreNamedToTheModel() async throws {
        let runner = FakeRunner()
        try await ServiceTrial(runner).run { trial async throws in
            let (run, conversation) = try await trial.start("look", ["attachments": ["/workspace/uploads/a b.csv"]])
            _ = try await trial.watch(run)
            let turn = try await trial.ask("GET", "/ui/conversations/\(conversation)").json["turns"]?.arrayValue?.first
            #expect(turn?["text"] == "look")
            #expect(turn?["attachments"] == [["name": "a b.csv", "path": "/workspace/uploads/a b.csv"]])
        }
        #expect(
            runner.requests.elements.first?.conversation.last?.text
                == "look\n\nFiles for this message, in the sandbox:\n- /workspace/uploads/a b.csv")
    }

    @Test func callsComeWithTheirStreamsAndArtifacts() async throws {
        let runner = FakeRunner { _, tell in
            let link = { (name: String) in
                ContentBlock.resourceLink(uri: "artifact:///\(name)", name: name, mediaType: "image/png", size: 7)
            }
            let outcome = ToolOutcome(
                content: [.text("{}"), link("new.png")], exitCode: 1,
                streams: ToolOutcome.Streams(
                    standardOutput: String(repeating: "o", count: 200_000), standardError: "err", isTimedOut: true,
                    isTruncated: false),
                report: CommandReport(
                    standardOutput: CommandReport.Stream(bytes: 300_000, path: "/output/1.txt", savedBytes: 300_000),
                    artifacts: [CommandReport.Artifact(name: "new.png", size: 7, isNew: false, version: "v2")],
                    calls: [CommandReport.Call(server: "shop", tool: "buy", seconds: 0.25, isOK: true)]))
            await tell(.toolStarted(ChatToolCall(id: "c", name: "execute_bash", arguments: "{}")))
            await tell(.toolOutput(ToolOutput(outcome, of: "c")))
            await tell(
                .toolEnded(
                    AgentEvent.ToolEnd(
                        callID: "c", name: "execute_bash", isError: false, exitCode: 1, duration: 0.5,
                        artifacts: ["new.png"])))
            return await FakeRunner.says("ok", tell)
        }
        try await ServiceTrial(runner).run { trial async throws in
            let (run, _) = try await trial.start()
            let events = try await trial.watch(run)
            #expect(events.types == ["tool_started", "tool_ended", "text", "text", "finished"])
            let ended = events.all[1]
            #expect(ended["exit_code"] == 1)
            #expect(ended["timed_out"] == true)
            #expect(ended["truncated"] == true)
            #expect(ended["stdout"]?["omitted"]?.integerValue == 200_000 - 65_536)
            #expect(ended["stdout_bytes"] == 300_000)
            #expect(ended["stderr_bytes"] == 3)
            #expect(ended["output_path"] == "/output/1.txt")
            #expect(ended["calls"] == [["server": "shop", "tool": "buy", "seconds": 0.25, "ok": true]])
            #expect(ended["stderr"] == ["head": "err", "tail": "", "omitted": 0])
            #expect(
                ended["artifacts"]
                    == [["name": "new.png", "type": "image/png", "size": 7, "digest": "v2", "change": "changed"]])
        }
    }
}

/// Finds the file of a conversation.
enum FileStorageFinder {
    static func read(_ path: String, _ id: String) throws -> PageConversation? {
        for directory in Files.names(in: path) {
            guard let bytes = try? Files.contents(of: "\(path)/\(directory)/\(id).log", limit: 1 << 20) else {
                continue
            }
            return ConversationRecords.content(of: bytes)?.conversation
        }
        return nil
    }
}
