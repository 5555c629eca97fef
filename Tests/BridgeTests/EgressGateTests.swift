import ExecCore
import JSON
import TestSupport
import Testing
import Threading

@testable import Bridge

/// Connections of a sandbox whose session has read private data and text of strangers.
@Suite(.timeLimit(.minutes(3))) struct EgressGateTests {
    private static func guarded() -> SessionSources {
        let sources = SessionSources()
        sources.record([.private], of: "crm")
        sources.record([.untrusted], of: "web")
        return sources
    }

    private static func questions(_ person: ScriptedUser, clock: Recorder<Bool> = Recorder()) -> CommandQuestions {
        CommandQuestions(
            of: BridgedCommand(holdClock: { _ in }, suspendClock: { clock.record($0) }, user: person),
            UserApprovals(of: Harness.user, in: nil))
    }

    private static func gate(
        _ sources: SessionSources, seconds: Double = 60, _ person: ScriptedUser? = nil
    ) -> SessionEgressGate {
        let questions = person.map { Self.questions($0) }
        return SessionEgressGate(sources, waitingSeconds: seconds) {
            questions.map { (command: UInt32(1), questions: $0) }
        }
    }

    private static func refusal(_ admission: EgressAdmission) -> String? {
        if case .refused(let reason) = admission { reason } else { nil }
    }

    @Test func connectionsAreOpenUntilBothKindsWereReadAndThenEnd() {
        let sources = SessionSources()
        let gate = Self.gate(sources)
        let ended = Recorder<String>()
        #expect(Self.refusal(gate.admit("a:1") { ended.record("a") }) == nil)
        sources.record([.private], of: "crm")
        let second = gate.admit("b:1") { ended.record("b") }
        if case .admitted(let number) = second { gate.connectionEnded(number) }
        #expect(ended.elements.isEmpty)
        sources.record([.untrusted], of: "web")
        #expect(ended.elements == ["a"])
        let refusal = Self.refusal(gate.admit("a:1") {})
        #expect(refusal?.contains("private data (crm) and text of strangers (web)") == true)
        #expect(refusal?.contains("nobody can be asked") == true)
    }

    @Test(arguments: [
        (UserAnswer.accept(["decision": "session"]), true), (.accept([:]), true),
        (.accept(["decision": "deny"]), false),
        (.accept(["decision": "always"]), false), (.decline, false), (.cancel, false), (.unavailable("gone"), false),
        (.accept(["decision": "Allow this host until the session ends"]), true), (.accept(["decision": "Deny"]), false),
        (.accept(["decision": ["session"]]), true), (.accept(["decision": ["deny"]]), false),
        (.accept(["decision": false]), false), (.accept(["decision": ["session", "deny"]]), false),
        (.failed("busy"), false),
    ])
    func thePersonsAnswerDecides(answer: UserAnswer, isOpen: Bool) async throws {
        let person = ScriptedUser { _ in answer }
        let gate = Self.gate(Self.guarded(), person)
        let refusal = try await onThread { Self.refusal(gate.admit("host:443") {}) }
        #expect((refusal == nil) == isOpen)
        let question = try #require(person.questions.elements.first)
        #expect(question.message.contains("wants to connect to host:443"))
        #expect(question.message.contains("private data (crm)"))
        #expect(question.details["rule"] == "guard")
        #expect(question.details["reason"]?.stringValue?.contains("text of strangers (web)") == true)
    }

    @Test func anAnswerCountsForTheHostAndForTheSession() async throws {
        let person = ScriptedUser("session")
        let gate = Self.gate(Self.guarded(), person)
        for host in ["a:1", "a:1", "b:1", "a:1"] {
            #expect(try await onThread { Self.refusal(gate.admit(host) {}) } == nil)
        }
        gate.commandEnded(1)
        #expect(try await onThread { Self.refusal(gate.admit("a:1") {}) } == nil)
        #expect(person.questions.elements.count == 2)
    }

    @Test func aDenialCountsForTheCommandThatItWasGivenTo() async throws {
        let person = ScriptedUser { _ in .decline }
        let command = Locked((command: UInt32(1), questions: Self.questions(person)))
        let gate = SessionEgressGate(Self.guarded(), waitingSeconds: 60) { command.withLock { $0 } }
        for _ in 1...3 { #expect(try await onThread { Self.refusal(gate.admit("a:1") {}) } != nil) }
        #expect(person.questions.elements.count == 1)
        command.withLock { $0 = (2, Self.questions(person)) }
        #expect(try await onThread { Self.refusal(gate.admit("a:1") {}) } != nil)
        #expect(person.questions.elements.count == 2)
    }

    @Test func aConnectionDoesNotWaitForLongAndALaterOneHasTheAnswer() async throws {
        let answers = AsyncEvent()
        let person = ScriptedUser { _ in
            try await answers.waitUnlessCancelled()
            return .accept([:])
        }
        let gate = Self.gate(Self.guarded(), seconds: 0.01, person)
        let first = try await onThread { Self.refusal(gate.admit("a:1") {}) }
        #expect(first?.contains("The question is still open") == true)
        answers.complete()
        try await eventually { Self.refusal(gate.admit("a:1") {}) == nil }
        #expect(person.questions.elements.count == 1)
    }

    @Test func aQuestionIsWithdrawnWithItsCommand() async throws {
        let person = ScriptedUser.silent
        let questions = Self.questions(person)
        let gate = SessionEgressGate(Self.guarded(), waitingSeconds: 60) { (1, questions) }
        async let refusal = onThread { Self.refusal(gate.admit("a:1") {}) }
        _ = try await person.questions.wait { !$0.isEmpty }
        gate.commandEnded(1)
        questions.end()
        #expect(try await refusal != nil)
        _ = try await person.withdrawn.wait { !$0.isEmpty }
        // A connection of it that comes late asks nobody.
        #expect(try await onThread { Self.refusal(gate.admit("b:1") {}) }?.contains("The command is over.") == true)
        #expect(person.questions.elements.count == 1)
    }

    @Test func aCommandsQuestionsAboutHostsAreWithinItsLimits() async throws {
        let person = ScriptedUser { _ in .decline }
        let gate = Self.gate(Self.guarded(), person)
        for number in 1...CommandQuestions.maxQuestions {
            let refusal = try await onThread { Self.refusal(gate.admit("h\(number):1") {}) }
            #expect(refusal?.contains("A person declined it.") == true)
        }
        let refusal = try await onThread { Self.refusal(gate.admit("more:1") {}) }
        #expect(refusal?.contains("may ask a person \(CommandQuestions.maxQuestions) questions") == true)
        #expect(person.questions.elements.count == CommandQuestions.maxQuestions)
    }

    @Test func aQuestionThatNobodyAnswersIsWithdrawnAndTheClockGoesOn() async throws {
        let (person, clock) = (ScriptedUser.silent, Recorder<Bool>())
        let questions = Self.questions(person, clock: clock)
        let gate = SessionEgressGate(Self.guarded(), waitingSeconds: 60, answerSeconds: 0.1) { (1, questions) }
        let refusal = try await onThread { Self.refusal(gate.admit("a:1") {}) }
        #expect(refusal?.contains("Nobody answered within 1 seconds.") == true)
        try await person.withdrawn.wait(forCount: 1)
        #expect(try await clock.wait(forCount: 2) == [true, false])
    }

    @Test(arguments: [(UserAnswer.unavailable("it has gone"), 1), (.failed("it was busy"), 3)])
    func whetherNobodyCanBeAskedIsTriedOncePerCommand(answer: UserAnswer, count: Int) async throws {
        let person = ScriptedUser { _ in answer }
        let gate = Self.gate(Self.guarded(), person)
        for host in ["a:1", "a:1", "b:1"] {
            let refusal = try await onThread { Self.refusal(gate.admit(host) {}) }
            #expect(refusal?.contains("nobody can be asked: it ") == true)
        }
        #expect(person.questions.elements.count == count)
    }
}
