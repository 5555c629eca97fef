import Diagnostics
import ExecCore
import Foundation
import JSON
import MCP
import SystemCalls
import TestSupport
import Testing
import Threading

@testable import Bridge

/// Files of state that can't be read at the moment, such as with too many open files: that says nothing of what is in
/// them.
@Suite struct UnreadableStateTests {
    private let directory: TemporaryDirectory
    private let log = Recorder<String>()
    private let fails = Locked(false)

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var state: StateDirectory { StateDirectory(path: directory.path) }

    /// A store whose file can't be read as long as ``fails`` says so.
    private var store: ApprovalStore {
        ApprovalStore(
            in: state, of: Harness.user, log: { [log] in log.record($0) },
            reading: { [fails, state] (name, limit) throws(StateDirectory.ReadError) in
                if fails.withLock({ $0 }) { throw .system(SystemError(number: EMFILE)) }
                return try state.content(of: name, limit: limit)
            }, now: { 1_800_000_000 })
    }

    private static func call(_ number: Int) -> CallToApprove {
        CallToApprove(
            ToolIdentity(server: "shop", serverDigest: "s", tool: "pay", toolDigest: "d", rule: "default"),
            reason: "It does.", mayLast: true, arguments: ["n": .integer(number)], script: "5c12")
    }

    @Test func approvalsThatCannotBeReadAreNeitherReplacedNorCounted() async throws {
        let waiting = try await store.add(Self.call(1), session: "a")
        #expect(await store.allowAlways(Self.call(1).identity))
        fails.withLock { $0 = true }
        await #expect(throws: ApprovalStore.AddError.unreadable("Too many open files")) {
            try await store.add(Self.call(2), session: "a")
        }
        #expect(log.elements.count == 1 && log.elements.first?.contains("Too many open files") == true)
        let unreadable = ApprovalStore.ChangeError.unreadable("Too many open files")
        await #expect(throws: unreadable) { try await store.decide(waiting.id, .once) }
        await #expect(throws: unreadable) { try await store.denyAll() }
        await #expect(throws: unreadable) { try await store.forget(server: "shop", tool: nil) }
        #expect(store.failure == unreadable)
        #expect(await !store.allowAlways(Self.call(1).identity))
        #expect(await store.answer(to: Self.call(1), session: "a") == .none)
        fails.withLock { $0 = false }
        #expect(store.failure == nil)
        #expect(store.requests.map(\.id) == [waiting.id])
        #expect(await store.answer(to: Self.call(1), session: "a") == .always)
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/approvals")
        #expect(!names.contains { $0.hasSuffix(".damaged") })
    }

    @Test(arguments: ["warn", "block"])
    func pinsThatCannotBeReadAreNeitherReplacedNorCounted(pinning: String) throws {
        let entry = Harness.open("", ["pin": .string(pinning)])
        let tools = ["Adds.", "Takes."].map {
            Tool(name: "add", title: "", description: $0, inputSchema: ["type": "object"], annotations: [:])
        }
        let logger = Logger(program: "exec-mcp", level: .debug) { [log] in log.record($0) }
        #expect(ToolPins(of: entry, in: state, logger: logger).changes(in: [tools[0]]).isEmpty)
        fails.withLock { $0 = true }
        let pins = ToolPins(
            of: entry, in: state,
            reading: { [fails] (file) throws(StateDirectory.ReadError) in
                if fails.withLock({ $0 }) { throw .system(SystemError(number: EMFILE)) }
                return try file.content(limit: 1 << 20)
            }, logger: logger)
        let file = "the file with the pins of its server"
        let reason = "cannot be compared, because \(file) cannot be read: Too many open files"
        #expect(pins.changes(in: [tools[1]]).map(\.clause) == (pinning == "block" ? [reason] : []))
        #expect(log.elements.contains { $0.contains("cannot be read: Too many open files") })
        #expect(!pins.accept([ToolPin(tools[1])]))
        let revision = pins.revision
        fails.withLock { $0 = false }
        #expect(pins.changes(in: [tools[1]]).map(\.clause) == ["has changed since it was pinned (description)"])
        #expect(pins.revision > revision, "what was derived from the pins is derived anew")
        fails.withLock { $0 = true }
        #expect(pins.pin(of: "add") == ToolPin(tools[0]), "what was read counts until it can be read again")
    }

    @Test func onlyTheContentOfAFileIsDamage() throws {
        #if os(Linux)
            // Its beginning belongs to no page, so that reading it fails.
            let memory = StateDirectory(path: "/proc/self")
            #expect(throws: StateDirectory.ReadError.system(SystemError(number: EIO))) {
                try memory.content(of: "mem", limit: 100)
            }
        #endif
        #expect(try state.content(of: "missing", limit: 100) == nil)
        #expect(try state.content(of: "missing/x", limit: 100) == nil)
        _ = try directory.write("12345", to: "five")
        #expect(try state.content(of: "five", limit: 5)?.count == 5)
        #expect(throws: StateDirectory.ReadError.unusable) { try state.content(of: "five", limit: 4) }
        #expect(throws: StateDirectory.ReadError.unusable) { try state.content(of: ".", limit: 100) }
    }
}
