import JSON
import MCPClient
import TestSupport
import Testing
import Threading

@testable import ExecAgent

/// A person who types what a test says.
private final class TypingPerson: ReplySource {
    let prompts = Recorder<String>()
    private let replies: Locked<[TypedReply]>
    private let before: @Sendable () async -> Void

    init(_ replies: TypedReply..., before: @escaping @Sendable () async -> Void = {}) {
        self.replies = Locked(replies)
        self.before = before
    }

    func reply(to prompt: String) async -> TypedReply {
        prompts.record(prompt)
        await before()
        if Task.isCancelled { return .withdrawn }
        return replies.withLock { $0.isEmpty ? .ended : $0.removeFirst() }
    }
}

@Suite(.timeLimit(.minutes(3))) struct TerminalQuestionsTests {
    @Test func asksUntilItUnderstands() async throws {
        let trial = try ScreenTrial()
        let person = TypingPerson(.line("what"), .line("a"))
        let questions = TerminalQuestions(screen: trial.screen, source: person)
        let outcome = await questions.answer(try .approval()) {}
        #expect(outcome == .answered(.accept(["decision": "always"])))
        #expect(person.prompts.elements.count == 2)
        #expect(try await trial.written().contains("Type y, s, a or n."))
    }

    @Test func theEndOfTheInputDismisses() async throws {
        let trial = try ScreenTrial()
        let questions = TerminalQuestions(screen: trial.screen, source: TypingPerson(.ended))
        #expect(await questions.answer(try .approval()) {} == .answered(.cancel))
    }

    @Test func holdsBackAllOtherOutputUntilTheAnswer() async throws {
        let trial = try ScreenTrial { $0.areOne = true }
        let person = TypingPerson(.line("y")) { [screen = trial.screen] in
            screen.answer("half")
            screen.note("noted")
            screen.answer(" an answer")
            screen.endLine()
            screen.prompt("Allow? y\n")
        }
        let questions = TerminalQuestions(screen: trial.screen, source: person)
        trial.screen.answer("before")
        _ = await questions.answer(try .approval()) {}
        let written = try await trial.written()
        #expect(written.hasPrefix("before\nexec-mcp asks"))
        #expect(written.hasSuffix("n or Enter = no\nAllow? y\nhalf\nnoted\n an answer\n"))
    }

    @Test func severalComeInTurnAndOneThatIsWithdrawnIsNotAsked() async throws {
        let trial = try ScreenTrial()
        let (asked, answers) = (AsyncEvent(), AsyncEvent())
        let person = TypingPerson(.line("y"), .line("n")) {
            asked.complete()
            await answers.wait()
        }
        let questions = TerminalQuestions(screen: trial.screen, source: person)
        let (one, two) = try (ServerQuestion.approval(), ServerQuestion.approval(id: "q2"))
        let first = Task { await questions.answer(one) {} }
        await asked.wait()
        let withdrawn = Task { await questions.answer(two) {} }
        withdrawn.cancel()
        #expect(await withdrawn.value == .withdrawn)
        answers.complete()
        #expect(await first.value == .answered(.accept(["decision": "once"])))
        #expect(await questions.answer(two) {} == .answered(.decline))
        #expect(person.prompts.elements.count == 2)
    }

    @Test func aFormThatCannotBeShownIsNotAsked() async throws {
        let trial = try ScreenTrial()
        let questions = TerminalQuestions(screen: trial.screen, source: TypingPerson(.line("y")))
        let outcome = await questions.answer(try .form(["a": ["type": "object"]])) { Issue.record("asked") }
        #expect(outcome == .notAsked("its form has a field that cannot be filled in on a terminal"))
        #expect(outcome.answer == .cancel)
    }

    @Test func aRuleApprovesOnceAndLeavesTheRestToAPerson() async throws {
        let trial = try ScreenTrial()
        let person = TerminalQuestions(screen: trial.screen, source: TypingPerson(.line("n")))
        let form = try ServerQuestion.form([:])
        #expect(
            await AutomaticApproval(otherwise: nil).answer(try .approval()) {}
                == .answered(.accept(["decision": "once"])))
        #expect(await AutomaticApproval(otherwise: nil).answer(form) {}.answer == .cancel)
        #expect(await AutomaticApproval(otherwise: person).answer(form) {} == .answered(.decline))
    }
}
