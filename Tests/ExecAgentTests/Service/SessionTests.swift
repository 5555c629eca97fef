import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Which history a request is about.
@Suite(.timeLimit(.minutes(3))) struct SessionTests {
    /// Says back what the user said.
    private let runner = FakeRunner { request, tell in
        await FakeRunner.says("re: \(request.conversation.last?.text ?? "")", tell)
    }

    private static let ann: JSONObject = ["user": "ann"]

    @Test func goesOnWithTheUsersSession() async throws {
        try await ServiceTrial(runner).run { trial in
            _ = try await trial.say("one", ["user": "default"])
            _ = try await trial.say("two", ["stream": true, "user": "default"])
            _ = try await trial.say("three", ["user": "bob"])
            _ = try await trial.say("four", ["user": "default"])
        }
        #expect(
            runner.requests.elements.map(\.lines) == [
                ["user: one"], ["user: one", "assistant: re: one", "user: two"], ["user: three"],
                ["user: one", "assistant: re: one", "user: two", "assistant: re: two", "user: four"],
            ])
        #expect(runner.requests.elements.map(\.user) == [nil, nil, "bob", nil])
    }

    @Test func aHistoryTakesThePlaceOfTheSession() async throws {
        try await ServiceTrial(runner).run { trial in
            _ = try await trial.say("old", Self.ann)
            _ = try await trial.chat(
                [
                    ["role": "user", "content": "a"], ["role": "assistant", "content": "b"],
                    ["role": "user", "content": "c"],
                ], Self.ann)
            _ = try await trial.say("d", Self.ann)
        }
        #expect(runner.requests.elements[1].lines == ["user: a", "assistant: b", "user: c"])
        #expect(
            runner.requests.elements[2].lines == [
                "user: a", "assistant: b", "user: c", "assistant: re: c", "user: d",
            ])
    }

    @Test func newInstructionsTakeThePlaceOfTheOld() async throws {
        try await ServiceTrial(runner).run { trial in
            _ = try await trial.chat(
                [["role": "system", "content": "s1"], ["role": "user", "content": "a"]], Self.ann)
            _ = try await trial.say("b", Self.ann)
            _ = try await trial.chat(
                [["role": "developer", "content": "s2"], ["role": "user", "content": "c"]], Self.ann)
        }
        let lines = runner.requests.elements.map(\.lines)
        #expect(lines[1] == ["system: s1", "user: a", "assistant: re: a", "user: b"])
        #expect(lines[2].first == "developer: s2")
        #expect(lines[2].last == "user: c")
        #expect(lines[2].count == 6)
    }

    @Test func aRunThatFailsLeavesTheSessionAsItWas() async throws {
        let failing = FakeRunner { request, tell in
            guard request.conversation.last?.text != "bad" else { throw ModelError(kind: .silent, message: "silence") }
            return await FakeRunner.says("ok", tell)
        }
        try await ServiceTrial(failing).run { trial in
            _ = try await trial.say("a", Self.ann)
            _ = try await trial.say("bad", Self.ann)
            _ = try await trial.say("b", Self.ann)
        }
        #expect(failing.requests.elements[2].lines == ["user: a", "assistant: ok", "user: b"])
    }

    @Test func endsASession() async throws {
        try await ServiceTrial(runner).run { trial in
            _ = try await trial.say("a", ["user": "ann"])
            let first = try await trial.ask("DELETE", "/v1/sessions/ann")
            #expect(first.status == 200)
            #expect(first.json == ["id": "ann", "object": "session", "deleted": true])
            #expect(try await trial.ask("DELETE", "/v1/sessions/ann").json["deleted"] == false)
            #expect(try await trial.ask("DELETE", "/v1/sessions/..x").json["deleted"] == false)
            _ = try await trial.say("b", ["user": "ann"])
        }
        #expect(runner.requests.elements.last?.lines == ["user: b"])
    }

    @Test func aSessionThatIsEndedWhileItRunsIsNotKept() async throws {
        let (signals, signal) = AsyncStream<Void>.makeStream()
        let slow = FakeRunner { request, tell in
            if request.conversation.last?.text == "slow" { for await _ in signals { break } }
            return await FakeRunner.says("ok", tell)
        }
        try await ServiceTrial(slow).run { trial in
            async let answer = trial.say("slow", Self.ann)
            try await slow.requests.wait(forCount: 1)
            #expect(try await trial.ask("DELETE", "/v1/sessions/ann").json["deleted"] == true)
            signal.yield()
            #expect(try await answer.status == 200)
            _ = try await trial.say("next", Self.ann)
        }
        #expect(slow.requests.elements.last?.lines == ["user: next"])
    }

    @Test func runsOfOneUserWaitForOneAnother() async throws {
        let (signals, signal) = AsyncStream<Void>.makeStream()
        let runner = FakeRunner { request, tell in
            if request.conversation.last?.text == "one" { for await _ in signals { break } }
            return await FakeRunner.says("ok", tell)
        }
        try await ServiceTrial(runner).run { trial in
            async let first = trial.say("one", Self.ann)
            try await runner.requests.wait(forCount: 1)
            let body = ServiceTrial.body([["role": "user", "content": "two"]], ["stream": true, "user": "ann"])
            let second = try trial.send("POST", "/v1/chat/completions", body)
            // It has begun to answer, and waits.
            try await second.read(through: #""role":"assistant""#)
            // Another user's goes through, and one by itself.
            #expect(try await trial.say("other", ["user": "bob"]).text == "ok")
            #expect(try await trial.say("by itself").text == "ok")
            #expect(runner.requests.elements.count == 3)
            signal.yield()
            #expect(try await first.text == "ok")
            try await second.read(through: "[DONE]")
        }
        #expect(runner.requests.elements.last?.lines == ["user: one", "assistant: ok", "user: two"])
    }

    @Test func refusesRunsWhereTooManyWait() async throws {
        let events = Recorder<String>()
        var options = ServiceOptions()
        options.maxWaitingRuns = 0
        try await ServiceTrial(FakeRunner.waiting(events), options: options).run { trial in
            let first = try trial.send(
                "POST", "/v1/chat/completions", ServiceTrial.body([["role": "user", "content": "a"]], Self.ann))
            try await events.wait(forCount: 1)
            let answer = try await trial.say("b", Self.ann)
            #expect(answer.status == 429)
            #expect(answer.error?["code"] == "too_many_runs")
            #expect(answer.field("Retry-After") == "5")
            first.close()
        }
    }

    @Test func fiftyConversationsAtOnceComplete() async throws {
        try await ServiceTrial(runner).run { trial in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let answer = try await trial.say("\(number)", ["user": .string("u\(number % 25)")])
                        #expect(answer.text == "re: \(number)")
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(runner.requests.elements.count == 50)
    }
}
