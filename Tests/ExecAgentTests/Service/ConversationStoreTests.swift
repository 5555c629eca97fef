import OpenAI
import TestSupport
import Testing
import Threading

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct ConversationStoreTests {
    private let time = Locked(ContinuousClock.now)

    private func conversations(maxCount: Int = 3, maxBytes: Int = 1000) -> ConversationStore {
        ConversationStore(seconds: 60, maxCount: maxCount, maxBytes: maxBytes, now: { [time] in time.withLock { $0 } })
    }

    private func user(_ text: String) -> [ChatMessage] { [ChatMessage(role: .user, text: text)] }

    private func advance(_ seconds: Double) {
        time.withLock { $0 += .seconds(seconds) }
    }

    @Test func forgetsWhatRestedTooLong() {
        let conversations = conversations()
        conversations.keep(user("a"), of: "ann")
        advance(59)
        #expect(conversations.continued(by: user("b"), of: "ann").count == 2)
        advance(1)
        #expect(conversations.continued(by: user("b"), of: "ann").count == 1)
        #expect(!conversations.end("ann"))
        // Its memory is free as soon as another is kept.
        conversations.keep(user("a"), of: "bob")
        advance(60)
        conversations.keep(user("a"), of: "cid")
        #expect(conversations.count == 1)
    }

    @Test func endsAllChatsOfAUserAndNobodyElses() {
        let conversations = conversations(maxCount: 9)
        for name in ["ann", "ann/1", "ann/2", "anna", "bob/ann"] { conversations.keep(user("a"), of: name) }
        #expect(conversations.end("ann"))
        #expect(conversations.count == 2)
        #expect(!conversations.end("ann"))
    }

    @Test func keepsNothingWhereNothingIsRemembered() {
        let conversations = ConversationStore(seconds: 0, maxCount: 9, maxBytes: 1000)
        conversations.keep(user("a"), of: "ann")
        #expect(conversations.count == 0)
        #expect(conversations.continued(by: user("b"), of: "ann").count == 1)
    }

    @Test func keepsSoManyAndSoMuch() {
        let conversations = conversations()
        for name in ["a", "b", "c", "d"] {
            conversations.keep(user(name), of: name)
            advance(1)
        }
        #expect(conversations.count == 3)
        #expect(!conversations.end("a"))
        #expect(conversations.end("b"))

        conversations.keep(user(String(repeating: "x", count: 700)), of: "big")
        #expect(conversations.count == 3)
        conversations.keep(user(String(repeating: "x", count: 300)), of: "bigger")
        #expect(conversations.count == 1, "the oldest go first, until there is room")
        conversations.keep(user(String(repeating: "x", count: 2000)), of: "bigger")
        #expect(conversations.count == 0, "what is over the limit by itself is not kept, and no older one either")
    }

    @Test func aTurnThatIsCancelledLeavesTheRow() async throws {
        let turns = PerUserQueue(maxWaiting: 10, maxRuns: 10)
        let first = try turns.acquire(for: "a")
        try await first.wait()
        let events = Recorder<String>()
        let second = Task {
            let turn = try turns.acquire(for: "a")
            events.record("waits")
            defer { events.record("left") }
            try await turn.wait()
        }
        try await events.wait(forCount: 1)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let third = try turns.acquire(for: "a")
        first.end()
        try await third.wait()
    }

    @Test func nobodyWaitsForATurnThatWasGivenBack() async throws {
        let turns = PerUserQueue(maxWaiting: 10, maxRuns: 10)
        let (first, second) = (try turns.acquire(for: "a"), try turns.acquire(for: "a"))
        second.end()
        try await second.wait()
        first.end()
        try await first.wait()
    }

    @Test func aTurnThatNobodyHoldsIsGivenBack() throws {
        let turns = PerUserQueue(maxWaiting: 0, maxRuns: 1)
        _ = try turns.acquire(for: "a")
        let held = try turns.acquire(for: "a")
        #expect(throws: APIRequestError.self) { try turns.acquire(for: "b") }
        held.end()
        held.end()
        _ = try turns.acquire(for: "b")
    }

    @Test func runsByThemselvesWaitForNobodyButCount() async throws {
        let turns = PerUserQueue(maxWaiting: 0, maxRuns: 3)
        let all = [try turns.acquire(for: nil), try turns.acquire(for: nil), try turns.acquire(for: nil)]
        for turn in all { try await turn.wait() }
        #expect(throws: APIRequestError.self) { try turns.acquire(for: nil) }
        all[1].end()
        let next = try turns.acquire(for: nil)
        try await next.wait()
        #expect(!turns.forget("default"))
        #expect(!next.isForgotten)
    }
}
