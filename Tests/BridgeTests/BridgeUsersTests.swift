import Diagnostics
import ExecCore
import JSON
import TestSupport
import Testing

@testable import Bridge

/// What is kept of users, and of users that come no more.
@Suite(.timeLimit(.minutes(3))) struct BridgeUsersTests {
    private let forgotten = Recorder<String>()
    private let made = Recorder<String>()
    private let users: BridgeUsers

    init() {
        users = BridgeUsers(
            makeMemory: { user in
                BridgeUsers.Memory(approvals: UserApprovals(of: user, in: nil), sources: SessionSources())
            },
            makeCatalog: { [made] user in
                made.record(user.name)
                return UserCatalog(
                    [], of: user.name, listingTimeout: 1, logger: Logger(program: "exec-mcp", level: .error) { _ in })
            },
            onForget: { [forgotten] in forgotten.record($0.name) })
    }

    private func user(_ number: Int) throws -> UserID { try #require(UserID("u\(number)")) }

    private func come(_ numbers: Range<Int>) throws {
        for number in numbers { _ = users.lease(of: try user(number)) }
    }

    @Test func theCatalogsOfThoseWhoWereAwayLongestAreForgotten() throws {
        try come(0..<BridgeUsers.maxIdleCatalogs)
        #expect(forgotten.elements.isEmpty)
        _ = users.lease(of: try user(0))
        #expect(made.elements.count == BridgeUsers.maxIdleCatalogs, "a catalog is kept")
        try come(1000..<1003)
        #expect(forgotten.elements == ["u1", "u2", "u3"])
        #expect(users.catalogCount == BridgeUsers.maxIdleCatalogs)
        _ = users.lease(of: try user(1))
        #expect(made.elements.count { $0 == "u1" } == 2)
    }

    @Test func whatIsInUseIsNotForgotten() throws {
        let lease = users.lease(of: try user(0))
        try come(1..<2 + BridgeUsers.maxEmpty)
        let again = users.lease(of: try user(0))
        #expect(again.catalog === lease.catalog)
        #expect(again.memory.approvals === lease.memory.approvals)
        #expect(again.memory.log === lease.memory.log)
    }

    @Test func nothingOfASessionIsForgottenButItsLog() throws {
        let (approvals, sources) = try {
            let (approved, reading) = (users.lease(of: try user(1)), users.lease(of: try user(2)))
            approved.memory.approvals.allowInSession(
                ToolIdentity(server: "s", serverDigest: "", tool: "t", toolDigest: "", rule: "default"))
            reading.memory.sources.record([.private], of: "mail")
            return (approved.memory.approvals, reading.memory.sources)
        }()
        let log = users.lease(of: try user(0)).memory.log
        try come(10..<20 + BridgeUsers.maxEmpty)
        #expect(users.lease(of: try user(1)).memory.approvals === approvals)
        #expect(users.lease(of: try user(2)).memory.sources === sources)
        #expect(users.lease(of: try user(0)).memory.log !== log)
        #expect(users.count <= BridgeUsers.maxEmpty + 2)
    }

    @Test func aUserWhoseServerRunsKeepsIt() async throws {
        let directory = try TemporaryDirectory()
        let state = StateDirectory(path: directory.path)
        try await Harness.with([Harness.open(Script.usual)], state: state) { harness in
            let bob = try #require(UserID("bob"))
            let first = try await harness.connect(as: bob).tool("pid")
            for number in 0...BridgeUsers.maxIdleCatalogs { _ = await harness.bridge.prompt(for: try user(number)) }
            let second = try await harness.connect(as: bob).tool("pid")
            #expect(first["result"] != nil && first["result"] == second["result"])
        }
    }
}
