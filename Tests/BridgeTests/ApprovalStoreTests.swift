import ExecCore
import Foundation
import JSON
import TestSupport
import Testing
import Threading

@testable import Bridge

/// Approvals that outlast a call, and calls that wait for one.
@Suite(.timeLimit(.minutes(3))) struct ApprovalStoreTests {
    private let directory: TemporaryDirectory
    private let time = Locked(1_800_000_000.0)

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var state: StateDirectory { StateDirectory(path: "\(directory.path)/state") }

    private func store(of user: UserID = Harness.user) -> ApprovalStore {
        ApprovalStore(in: state, of: user) { [time] in time.withLock { $0 } }
    }

    private static func call(
        _ arguments: JSONObject = ["n": 1], tool: String = "pay", digest: String = "d", server: String = "s",
        rule: String = "default", mayLast: Bool = true
    ) -> CallToApprove {
        CallToApprove(
            ToolIdentity(server: "shop", serverDigest: server, tool: tool, toolDigest: digest, rule: rule),
            reason: "It does.", mayLast: mayLast, arguments: arguments, script: "5c12")
    }

    /// The file, of which there is one.
    private func file() throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/state/approvals")
            .filter { $0.hasSuffix(".json") }
        #expect(names.count == 1)
        return "state/approvals/\(try #require(names.first))"
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let call: CallToApprove
        let once: Bool
        let lasting: Bool
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(name: "the same", call: call(), once: true, lasting: true),
        Case(name: "other arguments", call: call(["n": 2]), once: false, lasting: true),
        Case(name: "one more argument", call: call(["n": 1, "to": nil]), once: false, lasting: true),
        Case(name: "a number written differently", call: call(["n": 1.0]), once: false, lasting: true),
        Case(name: "text for a number", call: call(["n": "1"]), once: false, lasting: true),
        Case(name: "another tool", call: call(tool: "refund"), once: false, lasting: false),
        Case(name: "a changed tool", call: call(digest: "e"), once: false, lasting: false),
        Case(name: "a server started differently", call: call(server: "t"), once: false, lasting: false),
        Case(name: "another rule", call: call(rule: "guard"), once: false, lasting: false),
    ])
    func anApprovalIsBoundToWhatWasApproved(sample: Case) async throws {
        let store = store()
        let first = try await store.add(Self.call(), session: "a")
        try await store.decide(first.id, .once)
        #expect(await store.answer(to: sample.call, session: "a") == (sample.once ? .once : .none))
        let second = try await store.add(Self.call(["n": 9]), session: "a")
        try await store.decide(second.id, .session)
        let again = sample.call
        #expect(await store.answer(to: again, session: "a") == (sample.lasting ? .session : .none))
        #expect(await store.answer(to: again, session: "b") == .none)
        #expect(await store.allowAlways(Self.call().identity))
        #expect(await self.store().answer(to: again, session: "b") == (sample.lasting ? .always : .none))
        #expect(await self.store(of: UserID("bob") ?? .trial()).answer(to: again, session: "a") == .none)
    }

    @Test func aDenialOutsideBeatsAnApprovalForTheSession() async throws {
        let approvals = UserApprovals(of: Harness.user, in: state)
        let request = try #require(try await approvals.add(Self.call()))
        approvals.allowInSession(Self.call().identity)
        #expect(await approvals.answer(to: Self.call()) == .session)
        try await ApprovalStore(in: state, of: Harness.user).decide(request.id, .deny)
        #expect(await approvals.answer(to: Self.call()) == .denied)
        #expect(await approvals.answer(to: Self.call(["n": 2])) == .session)
    }

    @Test func composedAndDecomposedTextsAreDifferentTools() async throws {
        let store = store()
        #expect(await store.allowAlways(Self.call(tool: "caf\u{E9}").identity))
        #expect(await store.answer(to: Self.call(tool: "cafe\u{301}"), session: "a") == .none)
        #expect(await store.answer(to: Self.call(tool: "caf\u{E9}"), session: "a") == .always)
    }

    @Test func ofManyWhoWantAnApprovedCallOneGetsIt() async throws {
        let request = try await store().add(Self.call(), session: "a")
        try await store().decide(request.id, .once)
        let answers = await withTaskGroup(of: ApprovalStore.Answer.self) { group in
            // Each with a store of its own, as in processes of their own.
            for number in 0..<16 {
                group.addTask { await self.store().answer(to: Self.call(), session: "\(number)") }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == .once } == 1)
        #expect(answers.count { $0 == .none } == 15)
    }

    @Test func changesOfManyAreAllKept() async throws {
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { _ = try? await self.store().add(Self.call(["n": .integer(number)]), session: "a") }
            }
        }
        #expect(Set(store().requests.map(\.arguments)).count == 8)
    }

    @Test func whatWaitsAndWhatIsApprovedExpires() async throws {
        let store = store()
        let request = try await store.add(Self.call(), session: "a")
        time.withLock { $0 += 3599 }
        #expect(store.requests.map(\.id) == [request.id])
        try await store.decide(request.id, .once)
        time.withLock { $0 += 3599 }
        #expect(store.requests.map(\.state) == [.once])
        time.withLock { $0 += 2 }
        #expect(await store.answer(to: Self.call(), session: "a") == .none)
        await #expect(throws: ApprovalStore.ChangeError.unknown) { try await store.decide(request.id, .once) }
        let other = try await store.add(Self.call(), session: "a")
        #expect(other.id != request.id)
        try await store.decide(other.id, .session)
        time.withLock { $0 += 12 * 3600 - 1 }
        #expect(await store.answer(to: Self.call(), session: "a") == .session)
        time.withLock { $0 += 2 }
        #expect(await store.answer(to: Self.call(), session: "a") == .none)
    }

    @Test func aClockThatIsSetBackProlongsNothing() async throws {
        let store = store()
        let request = try await store.add(Self.call(), session: "a")
        try await store.decide(request.id, .once)
        time.withLock { $0 -= 86_400 }
        #expect(await store.answer(to: Self.call(), session: "a") == .none)
    }

    @Test func aDecisionIsMadeOnceButCanBeTakenBack() async throws {
        let store = store()
        let request = try await store.add(Self.call(), session: "a")
        try await store.decide(request.id, .once)
        await #expect(throws: ApprovalStore.ChangeError.decided(.once)) { try await store.decide(request.id, .always) }
        try await store.decide(request.id.uppercased(), .deny)
        #expect(await store.answer(to: Self.call(), session: "a") == .denied)
        await #expect(throws: ApprovalStore.ChangeError.decided(.denied)) { try await store.decide(request.id, .once) }
        #expect(await store.answer(to: Self.call(), session: "a") == .denied, "as often as it is tried")
    }

    @Test func allThatWaitsIsDeniedAtOnce() async throws {
        let store = store()
        var ids: [String] = []
        for number in 0..<3 { ids.append(try await store.add(Self.call(["n": .integer(number)]), session: "a").id) }
        try await store.decide(ids[1], .once)
        try await store.decide(ids[2], .deny)
        #expect(try await store.denyAll().map(\.id) == [ids[0], ids[1]])
        #expect(store.requests.map(\.state) == [.denied, .denied, .denied])
        #expect(await store.answer(to: Self.call(["n": 1]), session: "a") == .denied)
        #expect(try await store.denyAll().isEmpty)
    }

    @Test func aRuleOfTheConfigurationIsNotSwitchedOffForGood() async throws {
        let store = store()
        let call = Self.call(rule: "ask pay", mayLast: false)
        let request = try await store.add(call, session: "a")
        await #expect(throws: ApprovalStore.ChangeError.mustNotLast) { try await store.decide(request.id, .always) }
        #expect(await store.allowAlways(call.identity))
        #expect(await store.answer(to: call, session: "a") == .none)
    }

    @Test func onlySoManyCallsWait() async throws {
        let store = store()
        for number in 0..<ApprovalStore.maxRequests {
            _ = try await store.add(Self.call(["n": .integer(number)]), session: "a")
        }
        await #expect(throws: ApprovalStore.AddError.full) {
            try await store.add(Self.call(["n": "more"]), session: "a")
        }
        // It waits already.
        _ = try await store.add(Self.call(["n": 3]), session: "a")
        #expect(store.requests.first?.arguments == #"{"n":0}"#, "no flood removes what waits")
    }

    @Test func longArgumentsAreBoundWholeAndShownCut() async throws {
        let store = store()
        let long = String(repeating: "ä", count: 20_000)
        let request = try await store.add(Self.call(["t": .string(long + "1")]), session: "a")
        #expect(request.isCut)
        #expect(request.argumentBytes == 40_009)
        #expect(request.arguments.utf8.count <= ApprovalRequest.shownBytes)
        try await store.decide(request.id, .once)
        #expect(await store.answer(to: Self.call(["t": .string(long + "2")]), session: "a") == .none)
        #expect(await store.answer(to: Self.call(["t": .string(long + "1")]), session: "a") == .once)
    }

    @Test(arguments: [
        (#""state":"pending""#, #""state":"once""#), (#"\"n\":1"#, #"\"n\":2"#), (#""user":"ann""#, #""user":"bob""#),
        (#""format":1"#, #""format":2"#), (#""argumentBytes":7"#, #""argumentBytes":9"#),
        (#""state":"pending""#, #""state":"allowed""#), (#""expires":1800003600.0"#, #""expires":1900003600.0"#),
        (#""mayLast":true"#, #""mayLast":"yes""#), (#""requests":["#, #""requests":[[7],"x",{},"#),
    ])
    func aFileThatWasChangedApprovesNothingElse(old: String, new: String) async throws {
        let request = try await store().add(Self.call(), session: "a")
        let name = try file()
        let text = try String(contentsOfFile: "\(directory.path)/\(name)", encoding: .utf8)
        #expect(text.contains(old), "\(text)")
        _ = try directory.write(text.replacing(old, with: new), to: name)
        let isKept = new.contains("once") || new.contains("[[7]")
        #expect(store().request(request.id).map(\.id) == (isKept ? request.id : nil))
        // Who may write the file may approve: but no more than what it shows.
        #expect(await store().answer(to: Self.call(["n": 2]), session: "a") == .none)
    }

    @Test(arguments: ["", "{", "[]", "null", #"{"format":1}"#, "\u{0}"])
    func aDamagedFileHasNoApprovalsAndIsReplaced(text: String) async throws {
        #expect(await store().allowAlways(Self.call().identity))
        _ = try directory.write(text, to: file())
        #expect(await store().answer(to: Self.call(), session: "a") == .none)
        let log = Locked<[String]>([])
        let other = ApprovalStore(in: state, of: Harness.user, log: { line in log.withLock { $0.append(line) } })
        _ = try await other.add(Self.call(), session: "a")
        #expect(other.requests.count == 1)
        // Somebody may miss what was in it.
        let aside = try String(contentsOfFile: "\(directory.path)/\(file()).damaged", encoding: .utf8)
        #expect(aside == text)
        #expect(log.withLock { $0 }.count == 1 && log.withLock { $0 }.first?.contains(".json.damaged") == true)
    }

    @Test func whatAKilledWriterLeftIsRemoved() async throws {
        let store = store()
        _ = try await store.add(Self.call(), session: "a")
        let left = "\(try file()).12345678901234567890"
        _ = try directory.write("{", to: left)
        _ = try directory.write("{", to: "\(try file()).mine")
        #expect(try await store.forget(server: "shop", tool: nil) == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(directory.path)/\(left)"))
        #expect(FileManager.default.fileExists(atPath: "\(directory.path)/\(try file()).mine"))
    }

    @Test func aCallThatCannotBeKeptSaysWhy() async throws {
        _ = try directory.write("in the way", to: "state")
        await #expect(throws: ApprovalStore.AddError.unwritable) { try await store().add(Self.call(), session: "a") }
    }

    @Test func aFileThatOthersCanWriteCountsForNothing() async throws {
        #expect(await store().allowAlways(Self.call().identity))
        let path = "\(directory.path)/\(try file())"
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        #expect(await store().answer(to: Self.call(), session: "a") == .none)
    }

    @Test func whatAToolDeclaredBeforeIsForgottenWithTheNextApproval() async throws {
        let store = store()
        #expect(await store.allowAlways(Self.call(digest: "old").identity))
        #expect(await store.allowAlways(Self.call(digest: "new").identity))
        #expect(await store.answer(to: Self.call(digest: "old"), session: "a") == .none)
        #expect(try await store.forget(server: "shop", tool: "refund") == 0)
        #expect(try await store.forget(server: "shop", tool: nil) == 1)
        #expect(await store.answer(to: Self.call(digest: "new"), session: "a") == .none)
    }
}
