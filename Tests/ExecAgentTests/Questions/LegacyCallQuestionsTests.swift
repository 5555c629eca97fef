import JSON
import TestSupport
import Testing
import Threading

@testable import ExecAgent
@testable import MCPClient

/// Answers as a test says.
private final class ScriptedAnswerer: QuestionAnswerer {
    let questions = Recorder<ServerQuestion>()
    private let work: @Sendable () async -> QuestionOutcome

    init(_ work: @escaping @Sendable () async -> QuestionOutcome = { .answered(.decline) }) {
        self.work = work
    }

    func answer(_ question: ServerQuestion, onAsked: @Sendable () -> Void) async -> QuestionOutcome {
        questions.record(question)
        onAsked()
        return await work()
    }
}

@Suite(.timeLimit(.minutes(3))) struct LegacyCallQuestionsTests {
    private let server = LegacyCallQuestions(server: "notes", modes: [.form])
    private let events = Recorder<AgentEvent>()
    private let question: Elicitation

    init() throws {
        question = try Elicitation(["message": "Who?"], modes: [.form])
    }

    private func call(_ id: String, _ answerer: any QuestionAnswerer) -> CallQuestions {
        CallQuestions(callID: id, answerer: answerer, onEvent: events.record)
    }

    @Test func aQuestionDuringACallReachesItsRun() async throws {
        let answerer = ScriptedAnswerer()
        let answer = await server.during(call("c1", answerer)) { await server.answer(question) }
        #expect(answer == .decline)
        let asked = try #require(answerer.questions.elements.first)
        #expect(asked.server == "notes")
        #expect(asked.callID == "c1")
        #expect(events.elements == [.questionAsked(asked), .questionClosed(asked, .answered(.decline))])
    }

    @Test func severalCallsOfOneRunAreOnePersons() async {
        let answerer = ScriptedAnswerer()
        let answer = await server.during(call("c1", answerer)) {
            await server.during(call("c2", answerer)) { await server.answer(question) }
        }
        #expect(answer == .decline)
        #expect(answerer.questions.elements.count == 1)
    }

    @Test func callsOfSeveralRunsAreNobodysAndTheirEndMakesItClearAgain() async {
        let (one, other) = (ScriptedAnswerer(), ScriptedAnswerer())
        await server.during(call("c1", one)) {
            #expect(await server.during(call("c2", other)) { await server.answer(question) } == .cancel)
            #expect(await server.during(nil) { await server.answer(question) } == .cancel)
            #expect(await server.answer(question) == .decline)
        }
        #expect(one.questions.elements.count == 1)
        #expect(other.questions.elements.isEmpty)
    }

    @Test func aQuestionThatIsTooLongIsNotAsked() async throws {
        let answerer = ScriptedAnswerer()
        let long = try Elicitation(
            ["message": "Who?", "more": .string(String(repeating: "x", count: 300_000))], modes: [.form])
        #expect(await server.during(call("c1", answerer)) { await server.answer(long) } == .cancel)
        #expect(answerer.questions.elements.isEmpty)
        guard case .questionClosed(_, .notAsked)? = events.elements.first else {
            Issue.record("not reported")
            return
        }
    }

    @Test func aQuestionOutsideACallIsDismissed() async {
        #expect(await server.answer(question) == .cancel)
        #expect(await server.during(nil) { await server.answer(question) } == .cancel)
    }

    @Test func theEndOfTheCallWithdrawsTheQuestion() async {
        let asked = AsyncEvent()
        let answerer = ScriptedAnswerer {
            asked.complete()
            try? await Task.sleep(for: .seconds(3600))
            return Task.isCancelled ? .withdrawn : .expired
        }
        let answer = await server.during(call("c1", answerer)) {
            let answer = Task { await server.answer(question) }
            await asked.wait()
            return answer
        }
        #expect(await answer.value == .cancel)
        #expect(
            events.elements.contains { if case .questionClosed(_, .withdrawn) = $0 { true } else { false } })
    }
}
