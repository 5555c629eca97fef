import ExecCore
import JSON
import JSONRPC
import MCP
import TestSupport
import Testing

@testable import ExecMCP

@Suite(.timeLimit(.minutes(3))) struct SubscriptionsTests {
    private let sent = Recorder<Notification>()
    private let subscriptions: Subscriptions
    private let ann: UserID
    private let bob: UserID

    init() throws {
        let bob = try #require(UserID("bob"))
        ann = try #require(UserID("ann"))
        self.bob = bob
        subscriptions = Subscriptions(defaultUser: bob) { [sent] in sent.record($0) }
    }

    private var methods: [String] { sent.elements.map { $0.method } }

    private static func artifacts(added: [String] = [], modified: [String] = [], removed: [String] = [])
        -> ArtifactChange
    {
        ArtifactChange(added: added, modified: modified, removed: removed, isComplete: true)
    }

    @Test func tellsALegacyClientNothingBeforeItsHandshake() {
        subscriptions.publish(.toolModules)
        #expect(methods.isEmpty)
        subscriptions.openLegacy()
        subscriptions.publish(.toolModules)
        #expect(methods == ["notifications/prompts/list_changed"])
    }

    @Test func tellsALegacyClientOfTheResourcesThatItSubscribedTo() throws {
        subscriptions.openLegacy()
        let subject = Subscriptions.Subject(resource: .artifact(name: "a b"), user: bob)
        try subscriptions.subscribe(to: subject, as: "artifact:///a%20b")
        subscriptions.publish(.artifacts(bob, Self.artifacts(modified: ["a b", "c"])))
        #expect(
            sent.elements == [
                Notification(method: "notifications/resources/updated", params: ["uri": "artifact:///a%20b"])
            ])
        subscriptions.publish(.artifacts(bob, Self.artifacts(modified: ["c"])))
        subscriptions.unsubscribe(from: subject)
        subscriptions.publish(.artifacts(bob, Self.artifacts(modified: ["a b"])))
        #expect(sent.elements.count == 1)
    }

    @Test func tellsOfTheFileWithTheBytesOfTheName() throws {
        subscriptions.openLegacy()
        let subject = Subscriptions.Subject(resource: .artifact(name: "caf\u{E9}"), user: bob)
        try subscriptions.subscribe(to: subject, as: "artifact:///caf%C3%A9")
        subscriptions.publish(.artifacts(bob, Self.artifacts(modified: ["cafe\u{301}"])))
        #expect(sent.elements.isEmpty)
        subscriptions.publish(.artifacts(bob, Self.artifacts(modified: ["caf\u{E9}"])))
        #expect(sent.elements.count == 1)
    }

    @Test func tellsNobodyOfAnotherUsersArtifacts() throws {
        subscriptions.openLegacy()
        try subscriptions.subscribe(
            to: Subscriptions.Subject(resource: .artifact(name: "a"), user: bob), as: "artifact:///a")
        subscriptions.publish(.artifacts(ann, Self.artifacts(added: ["a"], modified: ["a"])))
        #expect(methods.isEmpty)
        try subscriptions.subscribe(
            to: Subscriptions.Subject(resource: .artifact(name: "b"), user: ann), as: "artifact:///b")
        subscriptions.publish(.artifacts(ann, Self.artifacts(added: ["a"])))
        #expect(methods == ["notifications/resources/list_changed"])
    }

    @Test func tellsOfSkillsAndThePromptThatNamesThem() throws {
        subscriptions.openLegacy()
        let uri = ResourceURI.skill(name: "s", path: ["SKILL.md"])
        try subscriptions.subscribe(to: Subscriptions.Subject(resource: uri, user: bob), as: uri.text)
        subscriptions.publish(.skills(changed: [uri], listChanged: false))
        #expect(methods == ["notifications/prompts/list_changed", "notifications/resources/updated"])
        subscriptions.publish(.skills(changed: [], listChanged: true))
        #expect(methods.suffix(2) == ["notifications/resources/list_changed", "notifications/prompts/list_changed"])
    }

    @Test func boundsTheSubscriptions() throws {
        for number in 0..<Subscriptions.maxSubjects {
            let subject = Subscriptions.Subject(resource: .artifact(name: "\(number)"), user: bob)
            try subscriptions.subscribe(to: subject, as: "")
        }
        let another = Subscriptions.Subject(resource: .artifact(name: "x"), user: bob)
        #expect(throws: RPCError.self) { try subscriptions.subscribe(to: another, as: "") }
    }

    @Test func aStreamGetsWhatItsFilterLetsThrough() async throws {
        let observed = Recorder<Notification>()
        var filter = ListenStream.Filter()
        filter.promptList = true
        filter.resources = [.artifact(name: "a"): "artifact:///a"]
        let stream = ListenStream(
            filter, user: ann, notifier: RequestNotifier(id: .string("L")) { observed.record($0) })
        let serving = Task { try await subscriptions.serve(stream) }
        try await observed.wait(forCount: 1)
        #expect(observed.elements[0].method == "notifications/subscriptions/acknowledged")
        subscriptions.publish(.artifacts(bob, Self.artifacts(modified: ["a"])))
        subscriptions.publish(.artifacts(ann, Self.artifacts(added: ["b"])))
        subscriptions.publish(.artifacts(ann, Self.artifacts(modified: ["a"])))
        subscriptions.publish(.toolModules)
        #expect(
            observed.elements.dropFirst().map { $0.method } == [
                "notifications/resources/updated", "notifications/prompts/list_changed",
            ])
        #expect(observed.elements.allSatisfy { $0.params["_meta"]?[MetaKey.subscriptionID] == "L" })
        subscriptions.close()
        try await serving.value
        subscriptions.publish(.toolModules)
        #expect(observed.elements.count == 3)
        #expect(methods.isEmpty)
    }

    @Test func aCancelledStreamEndsAndMakesRoom() async throws {
        for round in 0..<2 * Subscriptions.maxStreams {
            let observed = Recorder<Notification>()
            let stream = ListenStream(
                ListenStream.Filter(), user: bob, notifier: RequestNotifier(id: .integer(round)) { observed.record($0) }
            )
            let serving = Task { try await subscriptions.serve(stream) }
            try await observed.wait(forCount: 1)
            serving.cancel()
            try await serving.value
        }
    }

    @Test func aStreamThatComesTooLateEndsAtOnce() async throws {
        subscriptions.close()
        let observed = Recorder<Notification>()
        let stream = ListenStream(
            ListenStream.Filter(), user: bob, notifier: RequestNotifier(id: .integer(1)) { observed.record($0) })
        try await subscriptions.serve(stream)
        #expect(observed.elements.count == 1)
    }
}
