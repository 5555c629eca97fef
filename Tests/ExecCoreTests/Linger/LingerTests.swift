import Foundation
import TestSupport
import Testing

@testable import ExecCore

/// What decides who goes on with which sandbox.
@Suite(.timeLimit(.minutes(3))) struct LingerTests {
    private static let owner = Owner(host: "h", boot: "b", pidNamespace: "1", pid: 7, startTime: "1")

    private func key(
        user: String = "ann", program: String = "/usr/bin/docker", environment: [String: String] = [:],
        name: String = "mcp-executor-ann-0", owner: Owner = owner, limits: Limits = Limits(),
        _ change: (inout SandboxConfiguration) -> Void = { _ in }
    ) throws -> String {
        var configuration = SandboxConfiguration()
        change(&configuration)
        let user = try #require(UserID(user))
        let spec = SandboxSpec(
            name: name, user: user, owner: owner, account: Account(of: user), configuration: configuration,
            limits: limits)
        return LingerKey.key(
            of: spec, engine: DockerCLI(program: program, environment: environment))
    }

    @Test func serversThatMakeTheSameHaveTheSameKey() throws {
        let another = Owner(host: "h", boot: "b", pidNamespace: "1", pid: 8, startTime: "2")
        var limits = Limits()
        (limits.idleTimeout, limits.linger, limits.maxSandboxes) = (1, 2, 3)
        #expect(try key() == key(name: "mcp-executor-ann-1", owner: another))
        #expect(try key() == key(environment: ["TERM": "x"], limits: limits))
        #expect(try key().utf8.count == 32)
    }

    @Test func everythingThatMakesAnotherSandboxMakesAnotherKey() throws {
        var limits = Limits()
        limits.artifactMebibytes = 1
        let keys = [
            try key(), try key(user: "bob"), try key(program: "/usr/bin/podman"), try key(limits: limits),
            try key(environment: ["DOCKER_HOST": "tcp://x"]), try key { $0.image = "other" },
            try key { $0.workspace = .ephemeral }, try key { $0.memory = ByteCount(bytes: 1 << 29) },
            try key { $0.cpus = "2" }, try key { $0.pids = 100 }, try key { $0.network = "bridge" },
            try key { $0.runtime = "runsc" }, try key { $0.toolsDirectory = "/usr" },
            try key { $0.allowedHosts = [AllowedHost("a.example:1")].compactMap { $0 } },
            try key { $0.workspaceLimit = ByteCount(bytes: 1 << 30) },
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test func aDirectoryThatTookAnothersPlaceMakesAnotherKey() throws {
        let place = try TemporaryDirectory()
        let path = "\(place.path)/tools"
        mkdir(path, 0o755)
        let before = try key { $0.toolsDirectory = path }
        #expect(try key { $0.toolsDirectory = path } == before)
        rename(path, path + ".old")
        mkdir(path, 0o755)
        #expect(try key { $0.toolsDirectory = path } != before)
    }

    @Test func aNameTellsWhichIsTheBest() throws {
        let names = [
            LingeringName(key: "k", hasJobs: true, started: 5), LingeringName(key: "k", hasJobs: true, started: 9),
            LingeringName(key: "k", hasJobs: false, started: 1), LingeringName(key: "k", hasJobs: false, started: 2),
        ]
        for name in names {
            let read = try #require(LingeringName(fileName: name.fileName))
            #expect(read == name)
        }
        #expect(names.shuffled().sorted() == names)
    }

    @Test(arguments: [
        "", ".sock", "k-jobs-5-t", "k-jobs-5.sock", "k-many-5-t.sock", "k-jobs-x-t.sock", "k-jobs--5-t.sock",
        "k-jobs-5-t-u.sock", "k-jobs-ffffffffffffffffff-t.sock", "mcp-executor-ann-0.held",
    ])
    func passesOverFilesThatAreNone(name: String) {
        #expect(LingeringName(fileName: name) == nil)
    }

    @Test func aMarkIsHeldAsLongAsAnyCopyOfItIsOpen() async throws {
        let place = try TemporaryDirectory()
        let directory = LingerDirectory(path: place.path)
        let mark = try #require(HoldMark.make(for: "mcp-executor-a-0", in: directory))
        #expect(HoldMark.make(for: "mcp-executor-a-0", in: directory) == nil)
        let copy = fcntl(mark.descriptor, F_DUPFD_CLOEXEC, 0)
        close(mark.descriptor)
        #expect(HoldMark.isHeld("mcp-executor-a-0", in: [directory]))
        close(copy)
        // A program that another test starts just now has one more for a moment.
        while HoldMark.isHeld("mcp-executor-a-0", in: [directory]) { try await Task.sleep(for: .milliseconds(1)) }
        #expect(!HoldMark.isHeld("mcp-executor-b-0", in: [directory]))
        // It may be one that is just being made.
        HoldMark.tidy(directory)
        #expect(directory.names() == ["mcp-executor-a-0.held"])
        HoldMark.remove(of: "mcp-executor-a-0", in: directory)
        #expect(directory.names() == [])
    }

    @Test(arguments: ["", "ann", "mcp-executor-a/b", "../mcp-executor-a", "mcp-executor-é", "mcp-executor-a b"])
    func aNameThatIsNoContainersIsNone(name: String) {
        #expect(!SandboxSpec.isName(name))
        #expect(SandboxSpec.isName("mcp-executor-\(String(repeating: "x", count: 63))-0123456789abc"))
    }

    @Test func aLossIsToldOnceAndTheOldestIsForgotten() throws {
        let losses = SandboxLosses(keepsWorkspace: true)
        let users = try (0...SandboxLosses.maxUsers).map { try #require(UserID("u\($0)")) }
        #expect(losses.take(for: users[0]) == nil)
        for user in users { losses.record("was stopped (test)", for: user) }
        #expect(losses.take(for: users[0]) == nil)
        let note = try #require(losses.take(for: users[1]))
        #expect(note.contains("The previous one was stopped (test), at 20"))
        #expect(note.hasSuffix("files in /workspace and /artifacts are still there."))
        #expect(losses.take(for: users[1]) == nil)
        let inMemory = SandboxLosses(keepsWorkspace: false)
        inMemory.record("ended", for: users[0])
        #expect(inMemory.take(for: users[0])?.contains("still there") == false)
    }
}
