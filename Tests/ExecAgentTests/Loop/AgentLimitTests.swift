import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct AgentLimitTests {
    private static func sentence(_ reason: String) -> String { "[Stopped before the task was done: \(reason).]" }

    /// Whether every call has its result, as endpoints demand.
    private func expectComplete(_ messages: [ChatMessage]) {
        let called = messages.flatMap(\.toolCalls).map(\.id)
        #expect(messages.compactMap(\.toolCallID) == called)
        #expect(messages.last?.role == .assistant)
    }

    @Test func stopsAfterTheLastTurn() async throws {
        let trial = AgentTrial(
            ScriptedChatModel(ScriptedChatModel.calls(.look("a")), ScriptedChatModel.says("hm", calling: [.look("b")])))
        let result = try await trial.run(limits: RunLimits(turns: 2))
        let sentence = Self.sentence("the limit of 2 turns was reached")
        #expect(result.end == .limit(sentence))
        #expect(result.messages.last?.text == sentence)
        #expect(trial.told == "hm\n\n\(sentence)")
        // Nobody would read what the last call returns.
        #expect(trial.toolProvider.calls.elements.count == 1)
        #expect(result.messages.last { $0.role == .tool }?.text == "Not run. \(sentence)")
        expectComplete(result.messages)
    }

    @Test func stopsWhenTheTokensAreUsed() async throws {
        let trial = AgentTrial(
            ScriptedChatModel(ScriptedChatModel.calls(.look("a"), usage: TokenUsage(prompt: 90, completion: 10))))
        let result = try await trial.run(limits: RunLimits(tokens: 100))
        #expect(result.end == .limit(Self.sentence("the limit of 100 tokens was reached, with 100 used")))
        expectComplete(result.messages)
    }

    @Test func guessesTheTokensThatNobodyCounts() async throws {
        let trial = AgentTrial(
            ScriptedChatModel(ScriptedChatModel.calls(.look("a", #"{"x":"\#(String(repeating: "x", count: 400))"}"#))))
        let result = try await trial.run(limits: RunLimits(tokens: 100))
        guard case .limit = result.end else {
            Issue.record("went on: \(result.end)")
            return
        }
        #expect(result.usage == nil)
    }

    @Test(arguments: [Int.max, Int.min])
    func survivesCountsThatCannotBe(count: Int) async throws {
        let usage = TokenUsage(prompt: count, completion: count)
        let trial = AgentTrial(
            ScriptedChatModel(
                ScriptedChatModel.calls(.look("a"), usage: usage), ScriptedChatModel.says("x", usage: usage)))
        #expect(try await trial.run().end == .answered)
    }

    @Test func anAnswerIsAnAnswerWhateverItCost() async throws {
        let trial = AgentTrial(
            ScriptedChatModel(ScriptedChatModel.says("x", usage: TokenUsage(prompt: 1000, completion: 1))))
        #expect(try await trial.run(limits: RunLimits(turns: 1, tokens: 10)).end == .answered)
    }

    @Test func stopsTheModelWhenTheTimeIsUp() async throws {
        let clock = StoppedClock()
        var trial = AgentTrial(
            ScriptedChatModel { _, onEvent in
                await onEvent(.text("I begin"))
                clock.advance()
                try await Task.sleep(for: .seconds(600))
                return ChatCompletion(message: ChatMessage(role: .assistant, text: "too late"), finishReason: .stop)
            })
        trial.clock = clock.clock
        let result = try await trial.run(limits: RunLimits(seconds: 90))
        let sentence = Self.sentence("the limit of 90 seconds was reached")
        #expect(result.end == .limit(sentence))
        #expect(result.messages.map(\.text) == ["I begin\n\n\(sentence)"])
        #expect(trial.told == "I begin\n\n\(sentence)")
    }

    @Test func stopsTheToolsWhenTheTimeIsUp() async throws {
        let clock = StoppedClock()
        var trial = AgentTrial(
            ScriptedChatModel(ScriptedChatModel.calls(.look("a"), .look("b"))),
            ScriptedToolBox { _, _ in
                clock.advance()
                try? await Task.sleep(for: .seconds(600))
                return .failure("the call was cancelled")
            })
        trial.settings.simultaneousCalls = 1
        trial.clock = clock.clock
        let result = try await trial.run(limits: RunLimits(seconds: 0.5))
        #expect(result.end == .limit(Self.sentence("the limit of 0.5 seconds was reached")))
        #expect(
            result.messages.filter { $0.role == .tool }.map(\.text) == [
                "Error: the call was cancelled", "Not run: the time limit was reached.",
            ])
        #expect(trial.toolProvider.calls.elements.count == 1)
        expectComplete(result.messages)
    }

    @Test(arguments: [true, false])
    func theTimeGoesOnWhileToolsAndPromptsAreAskedFor(isTools: Bool) async throws {
        let clock = StoppedClock()
        let untilCancelled: @Sendable () async -> Void = {
            clock.advance()
            try? await Task.sleep(for: .seconds(600))
        }
        let nothing: @Sendable () async -> Void = {}
        let toolProvider = ScriptedToolBox(
            beforeTools: isTools ? untilCancelled : nothing, beforePrompt: isTools ? nothing : untilCancelled)
        var trial = AgentTrial(ScriptedChatModel(), toolProvider)
        trial.clock = clock.clock
        let result = try await trial.run(limits: RunLimits(seconds: 90))
        let sentence = Self.sentence("the limit of 90 seconds was reached")
        #expect(result.end == .limit(sentence))
        #expect(result.messages.map(\.text) == [sentence])
        #expect(trial.told == sentence)
        #expect(trial.model.requests.elements.isEmpty)
    }

    @Test func aRunThatIsInterruptedBeforeItBeginsIsNoFailureOfAServer() async throws {
        let begun = Recorder<Bool>()
        let trial = AgentTrial(
            ScriptedChatModel(),
            ScriptedToolBox(beforeTools: {
                begun.record(true)
                try? await Task.sleep(for: .seconds(600))
            }))
        let run = Task { try await trial.run() }
        try await begun.wait(forCount: 1)
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
    }

    @Test func asksNoMoreWhenTheTimeIsUp() async throws {
        let clock = StoppedClock()
        var trial = AgentTrial(
            ScriptedChatModel { _, _ in
                clock.advance()
                return ChatCompletion(
                    message: ChatMessage(role: .assistant, content: [], toolCalls: [.look("a")]),
                    finishReason: .toolCalls)
            })
        trial.clock = clock.clock
        let result = try await trial.run(limits: RunLimits(seconds: 90))
        #expect(result.end == .limit(Self.sentence("the limit of 90 seconds was reached")))
        #expect(trial.model.requests.elements.count == 1)
        expectComplete(result.messages)
    }

    @Test func saysThatTheModelsOwnLimitCutTheAnswer() async throws {
        let trial = AgentTrial(ScriptedChatModel(ScriptedChatModel.says("It is", finish: .length)))
        let result = try await trial.run()
        #expect(result.end == .cut)
        #expect(result.messages.map(\.text) == ["It is"])
    }

    @Test func asksOnceMoreAfterAnEmptyAnswer() async throws {
        let trial = AgentTrial(ScriptedChatModel(ScriptedChatModel.says(" \n"), ScriptedChatModel.says("here")))
        let result = try await trial.run()
        #expect(result.messages.map(\.text) == ["here"])
        #expect(trial.model.requests.elements.count == 2)
        #expect(trial.model.requests.elements[0] == trial.model.requests.elements[1])
    }

    @Test func failsAfterTwoEmptyAnswers() async throws {
        let trial = AgentTrial(ScriptedChatModel(ScriptedChatModel.says(""), ScriptedChatModel.says("")))
        let error = await #expect(throws: ModelError.self) { try await trial.run() }
        #expect(error?.kind == .malformed)
        #expect(error?.message.contains("'m1' gave an empty answer twice") == true)
    }

    @Test func failsWhereTheAnswerIsHeldBack() async throws {
        let trial = AgentTrial(ScriptedChatModel(ScriptedChatModel.says("well", finish: .contentFilter)))
        let error = await #expect(throws: ModelError.self) { try await trial.run() }
        #expect(error?.kind == .refused)
    }
}
