import JSON
import MCP
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// Models that are not at their best, and conversations that grow too long.
@Suite(.timeLimit(.minutes(3))) struct WeakModelTests {
    private func notices(_ trial: AgentTrial) -> [String] {
        trial.events.elements.compactMap { if case .notice(let text) = $0 { text } else { nil } }
    }

    private func thinks(_ members: JSONObject) -> ScriptedChatModel.Turn {
        { _, _ in
            var message = ChatMessage(role: .assistant, content: [])
            message.extra = members
            return ChatCompletion(message: message, finishReason: .stop)
        }
    }

    @Test(
        arguments: [
            ["reasoning_content": "It is 4."], ["reasoning": "It is 4."],
            [
                "reasoning_details": [
                    ["type": "reasoning.text", "text": "It is "], ["type": "reasoning.summary", "summary": "4."],
                ]
            ],
        ] as [JSONObject])
    func anAnswerInReasoningAloneIsShownOnceAskingAgainGivesNone(members: JSONObject) async throws {
        let trial = AgentTrial(ScriptedChatModel(thinks(members), thinks(members)))
        let result = try await trial.run()
        #expect(result.end == .answered)
        #expect(result.messages == [ChatMessage(role: .assistant, text: "It is 4.")])
        #expect(trial.told == "It is 4.")
        #expect(notices(trial).count == 1)
        let better = AgentTrial(ScriptedChatModel(thinks(members), ScriptedChatModel.says("Four.")))
        #expect(try await better.run().messages.last?.text == "Four.")
        #expect(better.told == "Four.")
        #expect(notices(better).isEmpty)
    }

    @Test func aCallThatStaysTextIsSaid() async throws {
        let trial = AgentTrial(
            ScriptedChatModel { _, _ in
                var answer = ChatCompletion(
                    message: ChatMessage(role: .assistant, text: "<tool_call>look</tool_call>"), finishReason: .stop)
                answer.hasUnreadCall = true
                return answer
            })
        _ = try await trial.run()
        #expect(notices(trial).first?.contains("tool calls do not arrive") == true)
    }

    private static func writes(isUnclear: Bool) -> ScriptedChatModel.Turn {
        { _, _ in
            var answer = ChatCompletion(
                message: ChatMessage(role: .assistant, text: "<tool_call>look</tool_call>"), finishReason: .stop)
            answer.hasUnreadCall = true
            answer.hasUnclearCall = isUnclear
            return answer
        }
    }

    @Test func aModelIsToldThatACallWasNotRunIfItMayMeanIt() async throws {
        let trial = AgentTrial(ScriptedChatModel(Self.writes(isUnclear: true), ScriptedChatModel.says("done")))
        let result = try await trial.run()
        #expect(result.end == .answered)
        #expect(result.messages.map(\.role) == [.assistant, .user, .assistant])
        #expect(trial.model.requests.elements.last?.messages.last?.text.contains("Nothing was run") == true)
        #expect(notices(trial).count == 1)
        let shown = AgentTrial(ScriptedChatModel(Self.writes(isUnclear: false)))
        #expect(try await shown.run().messages.count == 1)
    }

    @Test func aModelIsToldSoNoMoreThanTwiceInARow() async throws {
        let trial = AgentTrial(ScriptedChatModel(Array(repeating: Self.writes(isUnclear: true), count: 3)))
        let result = try await trial.run()
        #expect(result.end == .answered)
        #expect(trial.model.requests.elements.count == 3)
    }

    @Test func membersOfMessagesAndCallsGoBackWithinTheRun() async throws {
        let extra: JSONObject = ["extra_content": ["google": ["thought_signature": "SIG"]]]
        let trial = AgentTrial(
            ScriptedChatModel(
                { _, _ in
                    var message = ChatMessage(
                        role: .assistant, content: [],
                        toolCalls: [ChatToolCall(id: "a", name: "look", arguments: "{}", extra: extra)])
                    message.extra = ["reasoning_content": "hm"]
                    return ChatCompletion(message: message, finishReason: .toolCalls)
                }, ScriptedChatModel.says("done")))
        _ = try await trial.run()
        let sent = try #require(trial.model.requests.elements.last?.messages.first { $0.role == .assistant })
        #expect(sent.extra == ["reasoning_content": "hm"])
        #expect(sent.toolCalls.map(\.extra) == [extra])
    }

    // MARK: - Conversations that are too long

    /// A model that takes so many bytes of texts and arguments, and answers once it has called so many tools.
    private func model(taking limit: Int, calls: Int) -> ScriptedChatModel {
        let turn: ScriptedChatModel.Turn = { request, _ in
            let size = request.messages.reduce(0) { sum, message in
                message.toolCalls.reduce(sum + message.text.utf8.count) { $0 + $1.arguments.utf8.count }
            }
            if size > limit { throw ModelError(kind: .contextTooLong, message: "too long") }
            let made = request.messages.count { !$0.toolCalls.isEmpty }
            let arguments = #"{"file":"\#(String(repeating: "y", count: 3000))"}"#
            let message =
                made < calls
                ? ChatMessage(role: .assistant, content: [], toolCalls: [.look("c\(made)", arguments)])
                : ChatMessage(role: .assistant, text: "done")
            return ChatCompletion(message: message, finishReason: .stop)
        }
        return ScriptedChatModel(Array(repeating: turn, count: 40))
    }

    private func large(_ count: Int = 10_000) -> ScriptedToolBox {
        ScriptedToolBox { _, _ in ToolOutcome(content: [.text(String(repeating: "x", count: count))]) }
    }

    @Test(arguments: [(60_000, 6), (18_000, 3), (5_000, 2)])
    func aRunGoesOnWithShorterResults(limit: Int, calls: Int) async throws {
        let trial = AgentTrial(model(taking: limit, calls: calls), large())
        let result = try await trial.run()
        #expect(result.end == .answered)
        #expect(result.messages.last?.text == "done")
        #expect(result.messages.count { $0.role == .tool } == calls)
        #expect(trial.toolProvider.calls.elements.count == calls)
        #expect(notices(trial).allSatisfy { $0.contains("longer than the model accepts") })
        #expect(!notices(trial).isEmpty)
        let arguments = result.messages.flatMap(\.toolCalls).map(\.arguments)
        #expect(arguments.allSatisfy { (try? JSON.parse($0))?.objectValue != nil })
    }

    @Test func aRunThatCannotGoOnTellsWhatItDid() async throws {
        let trial = AgentTrial(model(taking: 1500, calls: 9), large())
        let result = try await trial.run([ChatMessage(role: .user, text: "do it")])
        guard case .limit(let sentence) = result.end else {
            Issue.record("\(result.end)")
            return
        }
        #expect(sentence.contains("longer than the model accepts"))
        #expect(trial.told.contains(sentence))
    }

    @Test func aKeptConversationStaysUsable() async throws {
        var kept: [ChatMessage] = []
        for number in 0..<10 {
            kept += [
                ChatMessage(role: .user, text: "question \(number)"),
                ChatMessage(role: .assistant, text: String(repeating: "z", count: 2000)),
            ]
        }
        let trial = AgentTrial(model(taking: 15_000, calls: 0))
        let question = ChatMessage(role: .user, text: "and now?")
        let result = try await trial.run(kept + [question])
        #expect(result.messages.map(\.text) == ["done"])
        let sent = try #require(trial.model.requests.elements.last?.messages)
        #expect(sent.first?.role == .system)
        #expect(sent[1].role == .user)
        #expect(sent.last == question)
        #expect(notices(trial).first?.contains("oldest messages were left out") == true)
    }
}
