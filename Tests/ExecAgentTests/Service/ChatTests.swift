import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct ChatTests {
    private static let look = ChatToolCall(id: "c1", name: "execute_bash", arguments: #"{"command":"ls"}"#)
    private static let ended = AgentEvent.ToolEnd(
        callID: "c1", name: "execute_bash", isError: false, exitCode: 0, duration: 0.25, artifacts: ["plot.png"])

    private static let withoutLinks = {
        var options = ServiceOptions()
        options.linksArtifacts = false
        return options
    }()

    private let busy = FakeRunner { _, tell in
        await tell(.retrying(reason: "503", seconds: 1.5))
        await tell(.toolStarted(look))
        await tell(.toolProgress(callID: "c1", message: "half"))
        await tell(.toolEnded(ended))
        return await FakeRunner.says("hello", tell)
    }

    @Test func answersWhole() async throws {
        try await ServiceTrial(busy, options: Self.withoutLinks).run { trial in
            let answer = try await trial.say("hi", ["model": "m1", "temperature": 0.5, "user": "ann"])
            #expect(answer.status == 200)
            #expect(answer.text == "hello")
            #expect(answer.field("Content-Type") == "application/json")
            let json = answer.json
            #expect(json["object"] == "chat.completion")
            #expect(json["model"] == "m1")
            #expect(json["id"]?.stringValue?.hasPrefix("chatcmpl-") == true)
            #expect(json["choices"]?.arrayValue?.first?["finish_reason"] == "stop")
            #expect(json["usage"] == ["prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7])
            let events = json["exec_agent"]?["events"]?.arrayValue ?? []
            #expect(events.map { $0["type"] } == ["retrying", "tool_started", "tool_ended"])
        }
        let request = try #require(busy.requests.elements.first)
        #expect(request.user == "ann")
        #expect(request.model == "m1")
        #expect(request.parameters == ["temperature": 0.5])
    }

    @Test func streamsWhatHappens() async throws {
        try await ServiceTrial(busy, options: Self.withoutLinks).run { trial in
            let answer = try await trial.say("hi", ["stream": true, "stream_options": ["include_usage": true]])
            #expect(answer.status == 200)
            #expect(answer.field("Content-Type") == "text/event-stream; charset=utf-8")
            #expect(answer.events.last == "[DONE]")
            let chunks = answer.chunks
            #expect(Set(chunks.map { $0["id"]?.stringValue }).count == 1)
            #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" && $0["model"] == "default" })
            let deltas = chunks.map { $0["choices"]?.arrayValue?.first?["delta"] }
            #expect(
                deltas == [
                    ["role": "assistant", "content": ""],
                    ["reasoning_content": "The model is asked again in 1.5 s: 503\n"],
                    ["reasoning_content": "execute_bash: ls\n"], [:],
                    ["reasoning_content": "execute_bash: exit 0 in 0.3 s; artifacts: plot.png\n"],
                    ["content": "he"], ["content": "llo"], [:], nil,
                ])
            #expect(
                chunks.compactMap { $0["exec_agent"] } == [
                    ["type": "retrying", "reason": "503", "seconds": 1.5],
                    [
                        "type": "tool_started", "id": "c1", "name": "execute_bash",
                        "arguments": .string(Self.look.arguments),
                    ],
                    ["type": "tool_progress", "id": "c1", "message": "half"],
                    [
                        "type": "tool_ended", "id": "c1", "name": "execute_bash", "is_error": false, "exit_code": 0,
                        "seconds": 0.25, "artifacts": ["plot.png"],
                    ],
                ])
            #expect(chunks.dropLast().last?["choices"]?.arrayValue?.first?["finish_reason"] == "stop")
            #expect(chunks.last?["choices"] == [])
            #expect(chunks.last?["usage"]?["total_tokens"] == 7)

            let plain = try await trial.say("hi", ["stream": true])
            #expect(plain.chunks.allSatisfy { $0["usage"] == nil })
            #expect(plain.streamedText == "hello")
        }
    }

    @Test func beginsBeforeTheModelAnswersAndShowsLifeMeanwhile() async throws {
        let (signals, signal) = AsyncStream<Void>.makeStream()
        let runner = FakeRunner { _, tell in
            for await _ in signals { break }
            return await FakeRunner.says("done", tell)
        }
        var options = ServiceOptions()
        options.signOfLifeSeconds = 0.05
        try await ServiceTrial(runner, options: options).run { trial in
            let body = ServiceTrial.body([["role": "user", "content": "hi"]], ["stream": true])
            let client = try trial.send("POST", "/v1/chat/completions", body)
            try await client.read(through: #""role":"assistant""#)
            try await client.read(through: ": working\n\n")
            try await client.read(through: ": working\n\n")
            signal.yield()
            try await client.read(through: "data: [DONE]\n\n")
        }
    }

    @Test(arguments: [
        (RunResult.End.cut, "length", "hello"),
        (.limit("[Stopped: 3 turns.]"), "length", "hello\n\n[Stopped: 3 turns.]"),
        (.limit("hello"), "length", "hello"), (.answered, "stop", "hello"),
    ])
    func saysWhyItEnded(end: RunResult.End, reason: JSON, text: String) async throws {
        let runner = FakeRunner { _, tell in await FakeRunner.says("hello", tell, end: end, usage: nil) }
        try await ServiceTrial(runner).run { trial in
            let whole = try await trial.say("hi")
            #expect(whole.json["choices"]?.arrayValue?.first?["finish_reason"] == reason)
            #expect(whole.text == text)
            let nothing: JSON = ["prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0]
            #expect(whole.json["usage"] == nothing)
            let streamed = try await trial.say("hi", ["stream": true])
            #expect(streamed.streamedText == text)
            #expect(streamed.chunks.last?["choices"]?.arrayValue?.first?["finish_reason"] == reason)
            let counted = try await trial.say("hi", ["stream": true, "stream_options": ["include_usage": true]])
            #expect(counted.chunks.last?["choices"] == [])
            #expect(counted.chunks.last?["usage"] == nothing)
        }
    }

    @Test(
        arguments: [
            (.toolStarted(ChatToolCall(id: "1", name: "f", arguments: "not JSON")), "f"),
            (.toolStarted(ChatToolCall(id: "1", name: "f\n\u{1B}[31mg", arguments: #"{"path":"a\nb"}"#)), "f g: a …"),
            (
                .toolEnded(
                    AgentEvent.ToolEnd(
                        callID: "1", name: "read_file", isError: true, exitCode: nil, duration: 0.04, artifacts: [])),
                "read_file: failed in 0.0 s"
            ),
            (
                .toolEnded(
                    AgentEvent.ToolEnd(
                        callID: "1", name: "x", isError: false, exitCode: 3, duration: 125, artifacts: ["a\nb"])),
                "x: exit 3 in 2 min 5 s; artifacts: a b"
            ),
            (
                .toolEnded(
                    AgentEvent.ToolEnd(
                        callID: "1", name: "x", isError: false, exitCode: nil, duration: 1,
                        artifacts: (0..<12).map { "\($0)" })),
                "x: done in 1.0 s; artifacts: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …"
            ),
            (.toolProgress(callID: "1", message: "x"), nil), (.text("x"), nil),
        ] as [(AgentEvent, String?)])
    func tellsWhatRunsInOneHarmlessLine(event: AgentEvent, line: String?) {
        #expect(event.summary == line)
    }

    @Test(arguments: [true, false]) func cancelsTheRunOfAClientThatGoesAway(isStreamed: Bool) async throws {
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events)).run { trial in
            let body = ServiceTrial.body([["role": "user", "content": "hi"]], ["stream": .bool(isStreamed)])
            let client = try trial.send("POST", "/v1/chat/completions", body)
            try await events.wait(forCount: 1)
            client.close()
            #expect(try await events.wait(forCount: 2) == ["started", "cancelled"])
            // Its place is free again.
            let next = try trial.send("POST", "/v1/chat/completions", body)
            try await events.wait(forCount: 3)
            next.close()
            guard !isStreamed else { return }
            // Nothing is wrong with the service.
            let told = try await trial.log.wait { $0.contains { $0.contains("abandoned after") } }
            #expect(!told.contains { $0.contains("500") || $0.contains("failed") }, "\(told)")
        }
    }

    @Test func stopsThoughARunIsUnderWay() async throws {
        let events = Recorder<String>()
        var options = ServiceOptions()
        options.graceSeconds = 0.1
        let trial = ServiceTrial(FakeRunner.waiting(events), options: options)
        try await trial.service.start()
        let body = ServiceTrial.body([["role": "user", "content": "hi"]])
        let client = try trial.send("POST", "/v1/chat/completions", body)
        try await events.wait(forCount: 1)
        await trial.service.stop()
        await trial.service.waitUntilStopped()
        #expect(events.elements == ["started", "cancelled"])
        #expect(try await client.isEnded())
    }
}
