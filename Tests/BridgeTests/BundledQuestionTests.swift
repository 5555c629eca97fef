import Diagnostics
import ExecCore
import JSON
import TestSupport
import Testing
import Threading

@testable import Bridge

/// Calls of one command that share a question.
@Suite(.timeLimit(.minutes(3))) struct BundledQuestionTests {
    /// Holds questions back until a test has made its calls.
    private let gathered = AsyncEvent()

    private func questions(_ user: any UserInteraction) -> CommandQuestions {
        let clock = MonotonicClock(now: MonotonicClock.system.now) { [gathered] _ in
            try await gathered.waitUnlessCancelled()
        }
        return CommandQuestions(
            of: BridgedCommand(holdClock: { _ in }, scriptDigest: "5c12", user: user),
            UserApprovals(of: Harness.user, in: nil, clock: clock))
    }

    private static func call(
        _ arguments: JSONObject, tool: String = "create_event", rule: String = "default"
    ) -> CallToApprove {
        CallToApprove(
            ToolIdentity(server: "calendar", serverDigest: "s", tool: tool, toolDigest: "d", rule: rule),
            reason: "It does.", mayLast: true, arguments: arguments, script: "5c12")
    }

    /// Has all calls wait, lets the questions be asked, and returns the answers in the order of the calls.
    private func answers(
        to calls: [CallToApprove], _ questions: CommandQuestions
    ) async throws -> [ApprovalAnswer] {
        try await withThrowingTaskGroup(of: (Int, ApprovalAnswer).self) { group in
            for (number, call) in calls.enumerated() {
                group.addTask { (number, try await questions.answer(to: call, within: 60)) }
            }
            try await until { questions.waitingCount == calls.count }
            gathered.complete()
            return try await group.reduce(into: [Int: ApprovalAnswer]()) { $0[$1.0] = $1.1 }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func until(_ isTrue: () -> Bool) async throws {
        while !isTrue() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func manyEqualCallsAreOneQuestionWithTheirNumber() async throws {
        let user = ScriptedUser("once")
        let calls = Array(repeating: Self.call(["title": "tea"]), count: 31)
        #expect(try await answers(to: calls, questions(user)) == Array(repeating: .once, count: 31))
        let question = try #require(user.questions.elements.first)
        #expect(user.questions.elements.count == 1)
        #expect(question.message.hasPrefix("Code in the sandbox wants to call 31 × calendar.create_event\n"))
        #expect(question.message.contains("\nArguments of each: {\"title\":\"tea\"}\n"))
        #expect(question.details["count"] == 31)
        #expect(question.details["arguments"] == [["title": "tea"]])
        guard case .form(let schema) = question.request else {
            Issue.record("no form")
            return
        }
        let names = schema["properties"]?["decision"]?["enumNames"]?.arrayValue
        #expect(names?.first == "Allow these 31 calls")
    }

    @Test func differentCallsAreAllListed() async throws {
        let user = ScriptedUser("once")
        let calls = (0..<31).map { Self.call(["n": .integer($0 / 2)]) }
        #expect(try await answers(to: calls, questions(user)).allSatisfy { $0 == .once })
        let question = try #require(user.questions.elements.first)
        #expect(user.questions.elements.count == 1)
        #expect(question.details["arguments"]?.arrayValue?.count == 16)
        #expect(question.details["counts"] == .array(Array(repeating: 2, count: 15) + [1]))
        for number in 0..<15 {
            #expect(question.message.contains("\(number + 1). 2 × {\"n\":"))
            #expect(question.message.contains("{\"n\":\(number)}"))
        }
    }

    /// Nothing is approved that was not listed.
    @Test func moreThanCanBeListedIsAnotherQuestion() async throws {
        let user = ScriptedUser("once")
        let calls = (0..<(ApprovalQuestion.maxDifferent + 5)).map { Self.call(["n": .integer($0)]) }
        #expect(try await answers(to: calls, questions(user)).allSatisfy { $0 == .once })
        let counts = user.questions.elements.compactMap { $0.details["count"]?.integerValue }.sorted()
        #expect(counts == [5, ApprovalQuestion.maxDifferent])
    }

    @Test func toolsAreAskedAboutOneByOne() async throws {
        let user = ScriptedUser { question in
            question.message.contains("delete") ? .decline : .accept(["decision": "session"])
        }
        let calls = [Self.call([:]), Self.call([:], tool: "delete_event"), Self.call([:])]
        let answers = try await answers(to: calls, questions(user))
        #expect(answers == [.session, .denied("A person declined it."), .session])
        #expect(user.questions.elements.count == 2)
    }

    @Test func whatComesAfterTheQuestionGetsAnother() async throws {
        let mayAnswer = AsyncEvent()
        let user = ScriptedUser { _ in
            try await mayAnswer.waitUnlessCancelled()
            return .accept([:])
        }
        let questions = questions(user)
        gathered.complete()
        async let first = questions.answer(to: Self.call(["n": 1]), within: 60)
        try await user.questions.wait(forCount: 1)
        async let second = questions.answer(to: Self.call(["n": 2]), within: 60)
        async let other = questions.answer(to: Self.call([:], tool: "other"), within: 60)
        try await user.questions.wait(forCount: 2)
        #expect(user.questions.elements.map { $0.details["tool"] } == ["create_event", "other"])
        mayAnswer.complete()
        #expect(try await [first, second, other] == [.once, .once, .once])
        #expect(user.questions.elements.map { $0.details["count"] } == [1, 1, 1])
        #expect(user.questions.elements[2].details["arguments"] == [["n": 2]])
    }

    @Test func aDenialAnswersForEveryRuleThatAsksAboutTheTool() async throws {
        let mayAnswer = AsyncEvent()
        let user = ScriptedUser { _ in
            try await mayAnswer.waitUnlessCancelled()
            return .decline
        }
        let questions = questions(user)
        gathered.complete()
        async let first = questions.answer(to: Self.call([:]), within: 60)
        try await user.questions.wait(forCount: 1)
        async let second = questions.answer(to: Self.call([:], rule: "guard"), within: 60)
        async let other = questions.answer(to: Self.call([:], tool: "other"), within: 60)
        try await user.questions.wait(forCount: 2)
        try await until { questions.waitingCount == 3 }
        mayAnswer.complete()
        let denied = ApprovalAnswer.denied("A person declined it.")
        #expect(try await [first, second, other] == [denied, denied, denied])
        #expect(user.questions.elements.map { $0.details["tool"] } == ["create_event", "other"])
    }

    @Test(arguments: [
        (UserAnswer.decline, ApprovalAnswer.denied("A person declined it.")),
        (.cancel, .denied("A person dismissed the question.")),
        (.accept(["decision": "deny"]), .denied("A person declined it.")),
        (.accept(["decision": "session"]), .session), (.accept(["decision": "always"]), .always),
    ])
    func anAnswerForTheToolIsOneForAllItsCallsThatWait(answer: UserAnswer, decision: ApprovalAnswer) async throws {
        let mayAnswer = AsyncEvent()
        let answers = Locked([answer])
        let user = ScriptedUser { _ in
            try await mayAnswer.waitUnlessCancelled()
            // Asked again, the person says something else.
            return answers.withLock { $0.popLast() } ?? .accept(["decision": "once"])
        }
        let questions = questions(user)
        gathered.complete()
        async let first = questions.answer(to: Self.call(["n": 1]), within: 60)
        try await user.questions.wait(forCount: 1)
        let later = (2...(ApprovalQuestion.maxDifferent + 4)).map { number in
            Task { try await questions.answer(to: Self.call(["n": .integer(number)]), within: 60) }
        }
        try await until { questions.waitingCount == later.count + 1 }
        mayAnswer.complete()
        #expect(try await first == decision)
        for one in later { #expect(try await one.value == decision) }
        #expect(user.questions.elements.count == 1)
    }

    @Test func whatAnotherCommandWasAllowedForGoodIsNotAskedAbout() async throws {
        let directory = try TemporaryDirectory()
        let clock = MonotonicClock(now: MonotonicClock.system.now) { [gathered] _ in
            try await gathered.waitUnlessCancelled()
        }
        let approvals = UserApprovals(
            of: Harness.user, in: StateDirectory(path: "\(directory.path)/state"), clock: clock)
        let user = ScriptedUser("once")
        let questions = CommandQuestions(of: BridgedCommand(holdClock: { _ in }, user: user), approvals)
        let call = Self.call(["n": 1])
        async let answer = questions.answer(to: call, within: 60)
        try await until { questions.waitingCount == 1 }
        await approvals.allowAlways(call.identity)
        gathered.complete()
        #expect(try await answer == .always)
        #expect(user.questions.elements.isEmpty)
    }

    /// Shows a question once a test lets it.
    private struct BusyClient: UserInteraction {
        let isAsked = AsyncEvent()
        let isFree = AsyncEvent()
        let isSent = AsyncEvent()
        let answer: UserAnswer?
        var isAnswered: AsyncEvent?

        func ask(_ question: UserQuestion) async -> UserAnswer {
            await ask(question, begin: { true }, onAnswer: { _ in })
        }

        func ask(
            _ question: UserQuestion, begin: @escaping @Sendable () -> Bool,
            onAnswer: @escaping @Sendable (UserAnswer) async -> Void
        ) async -> UserAnswer {
            isAsked.complete()
            try? await isFree.waitUnlessCancelled()
            guard begin() else { return .cancel }
            isSent.complete()
            await isAnswered?.wait()
            if let answer {
                await onAnswer(answer)
                return answer
            }
            try? await AsyncEvent().waitUnlessCancelled()
            return .cancel
        }
    }

    @Test(arguments: [true, false])
    func whatAnotherCommandWasAllowedWhileTheQuestionWaitedIsNotAskedAbout(forGood: Bool) async throws {
        let directory = try TemporaryDirectory()
        let approvals = UserApprovals(of: Harness.user, in: StateDirectory(path: "\(directory.path)/state"))
        let user = BusyClient(answer: nil)
        let questions = CommandQuestions(of: BridgedCommand(holdClock: { _ in }, user: user), approvals)
        let call = Self.call(["n": 1])
        async let answer = questions.answer(to: call, within: 60)
        await user.isAsked.wait()
        if forGood { await approvals.allowAlways(call.identity) } else { approvals.allowInSession(call.identity) }
        // The client never gets it.
        #expect(try await answer == (forGood ? .always : .session))
    }

    /// Shows one question at a time, as a client does.
    private final class OneAtATime: UserInteraction {
        let answer: UserAnswer
        let turn = AsyncSemaphore(count: 1)
        let asked = Recorder<UserQuestion>()
        let shown = Recorder<UserQuestion>()
        let isFree = AsyncEvent()

        init(_ decision: String) {
            answer = .accept(["decision": .string(decision)])
        }

        func ask(_ question: UserQuestion) async -> UserAnswer {
            await ask(question, begin: { true }, onAnswer: { _ in })
        }

        func ask(
            _ question: UserQuestion, begin: @escaping @Sendable () -> Bool,
            onAnswer: @escaping @Sendable (UserAnswer) async -> Void
        ) async -> UserAnswer {
            asked.record(question)
            guard (try? await turn.wait()) != nil else { return .cancel }
            defer { turn.signal() }
            guard begin() else { return .cancel }
            shown.record(question)
            await isFree.wait()
            await onAnswer(answer)
            return answer
        }
    }

    @Test(arguments: ["session", "always"])
    func aQuestionBehindTheOneThatAllowsItsToolIsNotShown(decision: String) async throws {
        let directory = try TemporaryDirectory()
        let approvals = UserApprovals(of: Harness.user, in: StateDirectory(path: "\(directory.path)/state"))
        let user = OneAtATime(decision)
        let commands = (0..<4).map { _ in
            CommandQuestions(of: BridgedCommand(holdClock: { _ in }, user: user), approvals)
        }
        let answers = try await withThrowingTaskGroup(of: ApprovalAnswer.self) { group in
            for (number, questions) in commands.enumerated() {
                group.addTask { try await questions.answer(to: Self.call(["n": .integer(number)]), within: 60) }
            }
            _ = try await user.asked.wait(forCount: 4)
            user.isFree.complete()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: decision == "session" ? .session : .always, count: 4))
        #expect(user.shown.elements.count == 1)
    }

    @Test func aQuestionThatAPersonSeesIsTheirsToAnswer() async throws {
        let approvals = UserApprovals(of: Harness.user, in: nil)
        let user = BusyClient(answer: .decline, isAnswered: AsyncEvent())
        let questions = CommandQuestions(of: BridgedCommand(holdClock: { _ in }, user: user), approvals)
        let call = Self.call(["n": 1])
        async let answer = questions.answer(to: call, within: 60)
        user.isFree.complete()
        await user.isSent.wait()
        approvals.allowInSession(call.identity)
        user.isAnswered?.complete()
        #expect(try await answer == .denied("A person declined it."))
    }

    /// It was given while the question was open: nobody is asked again because a command has ended meanwhile.
    @Test(arguments: ["session", "always"])
    func anAnswerThatCrossesTheEndOfTheCommandCounts(decision: String) async throws {
        let directory = try TemporaryDirectory()
        let approvals = UserApprovals(of: Harness.user, in: StateDirectory(path: "\(directory.path)/state"))
        let user = BusyClient(answer: .accept(["decision": .string(decision)]), isAnswered: AsyncEvent())
        let questions = CommandQuestions(of: BridgedCommand(holdClock: { _ in }, user: user), approvals)
        let call = Self.call(["n": 1])
        async let answer = questions.answer(to: call, within: 60)
        user.isFree.complete()
        await user.isSent.wait()
        questions.end()
        #expect(try await answer == .denied("The question was withdrawn."), "this call is not made")
        user.isAnswered?.complete()
        try await approvals.waitForLastingAnswer(for: call)
        #expect(approvals.lastingAnswer(for: call) == (decision == "session" ? .session : .always))
    }

    @Test func thePersonsTimeBeginsWhenTheQuestionIsShown() async throws {
        for (answer, decision) in [
            (.accept([:]), .once), (nil, .denied("Nobody answered within 1 seconds.")),
        ] as [(UserAnswer?, ApprovalAnswer)] {
            let user = BusyClient(answer: answer)
            let questions = questions(user)
            gathered.complete()
            // Who answers does so in time on a busy machine as well.
            let seconds = answer == nil ? 0.2 : 2
            async let given = questions.answer(to: Self.call([:]), within: seconds)
            async let relayed = questions.relay(
                UserQuestion(message: "Who?", request: .form(schema: [:])), within: seconds)
            await user.isAsked.wait()
            // Longer than the person's time.
            try await Task.sleep(for: .seconds(seconds + 0.3))
            user.isFree.complete()
            #expect(try await given == decision)
            #expect(await relayed == answer ?? .cancel)
        }
    }

    @Test func aCallThatIsCancelledIsNotInTheQuestion() async throws {
        let user = ScriptedUser("once")
        let questions = questions(user)
        async let kept = questions.answer(to: Self.call(["n": 1]), within: 60)
        let cancelled = Task { try await questions.answer(to: Self.call(["n": 2]), within: 60) }
        try await until { questions.waitingCount == 2 }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        gathered.complete()
        #expect(try await kept == .once)
        #expect(user.questions.elements.map { $0.details["arguments"] } == [[["n": 1]]])
    }

    @Test func theEndOfTheCommandWithdrawsWhatIsAsked() async throws {
        let user = ScriptedUser.silent
        let questions = questions(user)
        gathered.complete()
        let asked = Task { try await questions.answer(to: Self.call([:]), within: 60) }
        try await user.questions.wait(forCount: 1)
        questions.end()
        try await user.withdrawn.wait(forCount: 1)
        #expect(try await asked.value == .denied("The question was withdrawn."))
        guard case .denied = try await questions.answer(to: Self.call(["n": 1]), within: 60) else {
            Issue.record("asked after the end")
            return
        }
        #expect(user.questions.elements.count == 1)
    }

    @Test func longArgumentsAreCutAndSaidToBe() async throws {
        let user = ScriptedUser("once")
        // One character of many code points, which a count of characters doesn't bound.
        let marks = String(repeating: "\u{301}", count: 400_000)
        let calls = [Self.call(["text": .string("e" + marks)]), Self.call(["text": "short"])]
        _ = try await answers(to: calls, questions(user))
        let question = try #require(user.questions.elements.first)
        #expect(question.message.unicodeScalars.count < 20_000)
        #expect(question.message.contains("… (cut: 800012 bytes in all)"))
        #expect(question.message.contains("{\"text\":\"short\"}"))
        #expect(JSON.object(question.details).serialized().count < 30_000)
    }

    @Test(arguments: [
        ("\u{202E}", "\\u202e"), ("\u{200B}", "\\u200b"), ("\u{E0041}", "\\udb40\\udc41"), ("\u{FE0F}", "\\ufe0f"),
        ("\u{3164}", "\\u3164"), ("\u{2800}", "\\u2800"), ("\u{A0}", "\\u00a0"), ("\u{2028}", "\\u2028"),
        ("\u{7F}", "\\u007f"), ("\u{9B}", "\\u009b"), ("\u{AD}", "\\u00ad"), ("\u{34F}", "\\u034f"),
        ("\u{E000}", "\\ue000"), ("\u{1B}", "\\u001b"), ("é", "é"), ("日本", "日本"), (" ", " "),
    ])
    func whatCannotBeSeenIsSpelledOut(text: String, shown: String) async throws {
        let user = ScriptedUser("once")
        gathered.complete()
        let questions = questions(user)
        _ = try await questions.answer(to: Self.call(["a": .string(text)], tool: "t\(text)"), within: 60)
        let message = try #require(user.questions.elements.first?.message)
        #expect(message.contains("Arguments: {\"a\":\"\(shown)\"}"), "\(message)")
        #expect(message.contains("Tool: t\(shown)\n"))
    }
}
