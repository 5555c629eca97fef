import JSON
import MCP
import OpenAI
import TestSupport
import Testing
import Threading

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct AgentTests {
    @Test func answersWithoutTools() async throws {
        let trial = AgentTrial(
            ScriptedChatModel(ScriptedChatModel.says("Hello.", usage: TokenUsage(prompt: 5, completion: 2))))
        let result = try await trial.run(user: "ann", model: "m2", parameters: ["temperature": 0.5])
        #expect(result.end == .answered)
        #expect(result.messages == [ChatMessage(role: .assistant, text: "Hello.")])
        #expect(result.usage == TokenUsage(prompt: 5, completion: 2))
        #expect(trial.told == "Hello.")
        let request = try #require(trial.model.requests.elements.first)
        #expect(request.model == "m2")
        #expect(request.parameters == ["temperature": 0.5])
        #expect(request.tools.map(\.name) == ["look"])
        #expect(
            request.messages == [
                ChatMessage(role: .system, text: "the prompt"), ChatMessage(role: .user, text: "do it"),
            ])
    }

    @Test func callsToolsUntilTheModelAnswers() async throws {
        let trial = AgentTrial(
            ScriptedChatModel(
                ScriptedChatModel.says(
                    "I look.", finish: .toolCalls, usage: TokenUsage(prompt: 10, completion: 3),
                    calling: [.look("c1", #"{"at":"x"}"#)]),
                ScriptedChatModel.says("It is blue.", usage: TokenUsage(prompt: 20, completion: 4))),
            ScriptedToolBox { _, _ in
                ToolOutcome(
                    content: [
                        .text("blue"),
                        .resourceLink(uri: "artifact:///p.png", name: "p.png", mediaType: "image/png", size: 7),
                    ], exitCode: 3)
            })
        let result = try await trial.run(user: "ann")
        let seen = "blue\n[artifact p.png: image/png, 7 bytes]"
        let messages = [
            ChatMessage(role: .assistant, content: [.text("I look.")], toolCalls: [.look("c1", #"{"at":"x"}"#)]),
            ChatMessage(role: .tool, content: [.text(seen)], toolCallID: "c1"),
            ChatMessage(role: .assistant, text: "It is blue."),
        ]
        #expect(result == RunResult(messages: messages, end: .answered, usage: TokenUsage(prompt: 30, completion: 7)))
        #expect(trial.toolProvider.calls.elements == [["at": "x"]])
        #expect(trial.toolProvider.users.elements == ["ann"])
        #expect(trial.model.requests.elements.last?.messages.suffix(2) == messages.prefix(2))
        #expect(trial.told == "I look.\n\nIt is blue.")
        guard
            case .toolEnded(let end)? = trial.events.elements.first(where: {
                if case .toolEnded = $0 { true } else { false }
            })
        else {
            Issue.record("no end was told")
            return
        }
        #expect(end.callID == "c1")
        #expect(end.name == "look")
        #expect(!end.isError)
        #expect(end.exitCode == 3)
        #expect(end.artifacts == ["p.png"])
        #expect(end.duration >= 0)
    }

    @Test func theClientsSystemMessageFollowsTheServers() async throws {
        let trial = AgentTrial(ScriptedChatModel(ScriptedChatModel.says("yes")))
        _ = try await trial.run([
            ChatMessage(role: .system, text: "Be brief."), ChatMessage(role: .developer, text: "Use French."),
            ChatMessage(role: .user, text: "Hi"),
        ])
        #expect(
            trial.model.requests.elements.first?.messages == [
                ChatMessage(role: .system, text: "the prompt\n\nBe brief.\n\nUse French."),
                ChatMessage(role: .user, text: "Hi"),
            ])
    }

    @Test func runsTheCallsOfATurnAtOnceAndKeepsTheirOrder() async throws {
        let begun = Recorder<String>()
        let trial = AgentTrial(
            ScriptedChatModel(
                ScriptedChatModel.calls(.look("a", #"{"n":1}"#), .look("b", #"{"n":2}"#), .look("c", #"{"n":3}"#)),
                ScriptedChatModel.says("done")),
            ScriptedToolBox { arguments, onProgress in
                let number = arguments["n"]?.integerValue ?? 0
                begun.record("\(number)")
                onProgress("at \(number)")
                // Only calls that run at once get on, and the first ends last.
                try? await eventually { begun.elements.count == 3 }
                if number == 1 { try? await Task.sleep(for: .milliseconds(50)) }
                return ToolOutcome(content: [.text("result \(number)")])
            })
        let result = try await trial.run()
        #expect(result.messages.filter { $0.role == .tool }.map(\.text) == ["result 1", "result 2", "result 3"])
        #expect(result.messages.filter { $0.role == .tool }.map(\.toolCallID) == ["a", "b", "c"])
        for id in ["a", "b", "c"] {
            let own = trial.events.elements.compactMap { event -> String? in
                switch event {
                case .toolStarted(let call) where call.id == id: "started"
                case .toolProgress(id, _): "progress"
                case .toolEnded(let end) where end.callID == id: "ended"
                default: nil
                }
            }
            #expect(own == ["started", "progress", "ended"])
        }
    }

    @Test func runsNoMoreCallsAtOnceThanAllowed() async throws {
        let running = Locked((now: 0, most: 0))
        var trial = AgentTrial(
            ScriptedChatModel(
                { _, _ in
                    let calls = (0..<10).map { ChatToolCall.look("c\($0)") }
                    return ChatCompletion(
                        message: ChatMessage(role: .assistant, content: [], toolCalls: calls), finishReason: .toolCalls)
                }, ScriptedChatModel.says("done")),
            ScriptedToolBox { _, _ in
                running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
                try? await Task.sleep(for: .milliseconds(5))
                running.withLock { $0.now -= 1 }
                return ToolOutcome(content: [.text("seen")])
            })
        trial.settings.simultaneousCalls = 3
        let result = try await trial.run()
        #expect(result.messages.filter { $0.role == .tool }.count == 10)
        #expect(running.withLock { $0.most } == 3)
    }

    @Test func cancellationEndsTheCallsAndTheRun() async throws {
        let story = Recorder<String>()
        let trial = AgentTrial(
            ScriptedChatModel(ScriptedChatModel.calls(.look("a"), .look("b"))),
            ScriptedToolBox { _, _ in
                story.record("begun")
                try? await Task.sleep(for: .seconds(600))
                story.record(Task.isCancelled ? "cancelled" : "not cancelled")
                return ToolOutcome.failure("cancelled")
            })
        let task = Task { try await trial.run() }
        try await story.wait(forCount: 2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(story.elements == ["begun", "begun", "cancelled", "cancelled"])
        #expect(trial.model.requests.elements.count == 1)
    }

    @Test func tellsOfTheModelsRetries() async throws {
        let trial = AgentTrial(
            ScriptedChatModel { _, onEvent in
                await onEvent(.retrying(reason: "busy", seconds: 2))
                return ChatCompletion(message: ChatMessage(role: .assistant, text: "x"), finishReason: .stop)
            })
        _ = try await trial.run()
        #expect(trial.events.elements == [.retrying(reason: "busy", seconds: 2)])
    }

    @Test func passesOnWhatTheModelCannotDo() async throws {
        let error = ModelError(kind: .contextTooLong, message: "too long: begin anew")
        let trial = AgentTrial(ScriptedChatModel { _, _ in throw error })
        await #expect(throws: error) { try await trial.run() }
    }
}
