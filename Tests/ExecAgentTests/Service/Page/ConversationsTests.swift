import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// The conversations of the page's users.
@Suite(.timeLimit(.minutes(3))) struct ConversationsTests {
    private let id = ConversationFileTests.id

    private func begin(
        _ conversations: Conversations, isNew: Bool = true, of user: String = "ann", replacing: Int? = nil,
        _ text: String = "hello"
    ) async throws -> Conversations.Start {
        try await conversations.begin(id, isNew: isNew, of: user, replacing: replacing) { index in
            PageTurn(index: index, runID: "run", text: text, attachments: [], created: 1)
        }
    }

    private func end(_ conversations: Conversations, _ turn: PageTurn, answer: String = "hi") async {
        var turn = turn
        turn.state = .answered
        turn.messages = [ChatMessage(role: .assistant, text: answer)]
        await conversations.end(turn, in: id, of: "ann")
    }

    @Test func continuesWithWhatWasSaid() async throws {
        let conversations = Conversations(MemoryStorage()) { _ in }
        let first = try await begin(conversations, "first question")
        #expect(first.history.isEmpty)
        await #expect(throws: APIRequestError.conversationIsBusy) {
            _ = try await begin(conversations, isNew: false)
        }
        await end(conversations, first.turn)
        let second = try await begin(conversations, isNew: false, "second")
        #expect(second.turn.index == 1)
        #expect(second.history.map(\.text) == ["first question", "hi"])
        await end(conversations, second.turn)
        // The same message in another form: what came after it is gone.
        let third = try await begin(conversations, isNew: false, replacing: 1, "second, better")
        #expect(third.turn.index == 1)
        #expect(third.history.map(\.text) == ["first question", "hi"])
        #expect(
            await conversations.conversation(id, of: "ann")?.turns.map(\.text) == ["first question", "second, better"])
        #expect(await conversations.all(of: "ann").map(\.title) == ["first question"])
    }

    @Test(arguments: [-1, 1, 99])
    func replacesOnlyATurnThatThereIs(index: Int) async throws {
        let conversations = Conversations(MemoryStorage()) { _ in }
        await end(conversations, try await begin(conversations).turn)
        await #expect(throws: APIRequestError.self) {
            _ = try await begin(conversations, isNew: false, replacing: index)
        }
        #expect(await conversations.conversation(id, of: "ann")?.turns.count == 1)
    }

    @Test func oneUserHasNothingOfAnothers() async throws {
        let conversations = Conversations(MemoryStorage()) { _ in }
        await end(conversations, try await begin(conversations).turn)
        #expect(await conversations.all(of: "bob").isEmpty)
        #expect(await conversations.conversation(id, of: "bob") == nil)
        #expect(try await conversations.rename(id, of: "bob", to: "mine") == nil)
        #expect(await !conversations.remove(id, of: "bob"))
        await #expect(throws: APIRequestError.noConversation) {
            _ = try await begin(conversations, isNew: false, of: "bob")
        }
        #expect(await conversations.conversation(id, of: "ann")?.title == "hello")
    }

    @Test func whatWasSaidIsBounded() async throws {
        let conversations = Conversations(MemoryStorage()) { _ in }
        let half = String(repeating: "x", count: Conversations.maxSaidBytes / 2)
        await end(conversations, try await begin(conversations, half).turn, answer: half)
        await #expect {
            _ = try await begin(conversations, isNew: false, "y")
        } throws: { ($0 as? APIRequestError)?.error.code == "conversation_too_long" }
        // What was said can still be said again in other words.
        #expect(try await begin(conversations, isNew: false, replacing: 0, half).turn.index == 0)
    }

    @Test func aTitleChangedDuringARunStays() async throws {
        let conversations = Conversations(MemoryStorage()) { _ in }
        let turn = try await begin(conversations).turn
        #expect(try await conversations.rename(id, of: "ann", to: " new \n title ")?.title == " new   title ")
        #expect(await conversations.conversation(id, of: "ann")?.title == " new   title ")
        await end(conversations, turn)
        #expect(await conversations.conversation(id, of: "ann")?.title == " new   title ")
        #expect(await conversations.all(of: "ann").first?.title == " new   title ")
        for title in ["", " ", String(repeating: "x", count: 401)] {
            await #expect(throws: APIRequestError.self) { _ = try await conversations.rename(id, of: "ann", to: title) }
        }
    }

    @Test func aRemovedConversationDoesNotComeBackWithTheEndOfItsRun() async throws {
        let conversations = Conversations(MemoryStorage()) { _ in }
        let turn = try await begin(conversations).turn
        #expect(await conversations.remove(id, of: "ann"))
        await end(conversations, turn)
        #expect(await conversations.conversation(id, of: "ann") == nil)
        #expect(await conversations.all(of: "ann").isEmpty)
    }

    @Test func aTurnOfAKilledServiceHasFailed() async throws {
        let directory = try TemporaryDirectory()
        do {
            let killed = Conversations(try FileStorage(path: directory.path) { _ in }) { _ in }
            let run = try await begin(killed).turn.runID
            await killed.note(["type": "text", "text": "so far", "seq": 1], of: run, in: id, of: "ann")
        }
        let next = Conversations(try FileStorage(path: directory.path) { _ in }) { _ in }
        #expect(await next.all(of: "ann").first?.turnCount == 1)
        let turn = await next.conversation(id, of: "ann")?.turns.first
        #expect(turn?.state == .failed)
        #expect(turn?.failure?.code == "service_ended")
        #expect(turn?.events.first?["text"] == "so far")
        // It can be continued, with what was said.
        let start = try await begin(next, isNew: false)
        #expect(start.turn.index == 1)
        #expect(start.history.map(\.role) == [.user, .assistant, .assistant])
        #expect(start.history[1].text == "so far")
    }

    @Test func aRunOfAKilledServiceHasAnEndAfterAnyNumber() async throws {
        let directory = try TemporaryDirectory()
        let conversation = PageConversation.makeID()
        let run = PageConversation.makeRunID(in: conversation)
        do {
            let killed = Conversations(try FileStorage(path: directory.path) { _ in }) { _ in }
            _ = try await killed.begin(conversation, isNew: true, of: UserName.byDefault, replacing: nil) { index in
                PageTurn(index: index, runID: run, text: "go", attachments: [], created: 1)
            }
        }
        var options = ServiceOptions()
        options.sessionDirectory = directory.path
        try await ServiceTrial(options: options).run { trial async throws in
            for number in [0, 7, Int.max] {
                let end = try await trial.watch(run, after: number).end
                #expect(end?["error"]?["code"] == "service_ended", "after \(number)")
            }
        }
    }

    @Test func replaysATextThatFollowsDroppedEvents() async throws {
        let directory = try TemporaryDirectory()
        let conversation = PageConversation.makeID()
        let run = PageConversation.makeRunID(in: conversation)
        var turn = PageTurn(index: 0, runID: run, text: "go", attachments: [], created: 1)
        turn.state = .answered
        turn.omittedEvents = 10
        turn.events = [["type": "text", "text": "hi", "first": 11, "seq": 20], ["type": "finished", "seq": 21]]
        do {
            let storage = try FileStorage(path: directory.path) { _ in }
            try storage.write(
                PageConversation(id: conversation, title: "t", created: 1, updated: 1, turns: [turn]),
                of: UserName.byDefault)
        }
        var options = ServiceOptions()
        options.sessionDirectory = directory.path
        try await ServiceTrial(options: options).run { trial async throws in
            let events = try await trial.watch(run)
            #expect(events.types == ["gap", "text", "finished"])
            #expect(events.all.first == ["type": "gap", "from": 1, "to": 10])
        }
    }

    @Test func forgetsTheOldestWhenMemoryIsFull() async throws {
        let storage = MemoryStorage(limit: 4000)
        for number in 0..<20 {
            let id = "conversation_" + String(repeating: Character(UnicodeScalar(UInt8(97 + number))), count: 24)
            var turn = ConversationFileTests.turn(0)
            turn.events = [["type": "text", "text": .string(String(repeating: "x", count: 500))]]
            try storage.write(
                PageConversation(id: id, title: "t", created: 1, updated: Double(number), turns: [turn]), of: "ann")
        }
        let kept = storage.summaries(of: "ann").map(\.updated).sorted()
        #expect(kept.count < 6)
        #expect(kept.last == 19)
        #expect(kept == Array(stride(from: 20 - Double(kept.count), to: 20, by: 1)))
    }

    @Test func whatIsForgottenIsNoLongerListed() async throws {
        let conversations = Conversations(MemoryStorage(limit: 4000)) { _ in }
        var ids: [String] = []
        for number in 0..<20 {
            let user = number % 2 == 0 ? "ann" : "bob"
            let id = PageConversation.makeID()
            _ = try await conversations.begin(id, isNew: true, of: user, replacing: nil) { index in
                PageTurn(
                    index: index, runID: "run", text: String(repeating: "x", count: 500), attachments: [],
                    created: Double(number))
            }
            ids.append(id)
        }
        for user in ["ann", "bob"] {
            let listed = await conversations.all(of: user)
            #expect(!listed.isEmpty && listed.count < 10)
            for summary in listed { #expect(await conversations.conversation(summary.id, of: user) != nil) }
        }
    }

    @Test(arguments: [
        ("Plot the first primes", "Plot the first primes"), ("  a\n\tb  ", "a b"), ("", "Conversation"),
        ("\n", "Conversation"),
        (String(repeating: "word ", count: 40), String(repeating: "word ", count: 11) + "word…"),
        (String(repeating: "x", count: 100), String(repeating: "x", count: 60) + "…"),
    ])
    func itsTitleIsItsFirstWords(text: String, title: String) {
        #expect(PageConversation.title(of: text) == title)
    }

    @Test func theIdOfARunSaysItsConversation() {
        let conversation = PageConversation.makeID()
        #expect(PageConversation.isID(conversation))
        #expect(PageConversation.id(ofRun: PageConversation.makeRunID(in: conversation)) == conversation)
        for text in [
            "", "run", "run__", "run_x_y", "run_../x", conversation,
            "conversation_" + String(repeating: "/", count: 24),
        ] {
            #expect(PageConversation.id(ofRun: text) == nil)
            if text != conversation { #expect(!PageConversation.isID(text)) }
        }
    }
}
