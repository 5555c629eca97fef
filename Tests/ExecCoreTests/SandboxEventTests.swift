import Diagnostics
import ExecCoreTestSupport
import TestSupport
import Testing

@testable import ExecCore

/// What a pool tells those who count.
@Suite(.timeLimit(.minutes(2))) struct SandboxEventTests {
    private let ann: UserID
    private let bob: UserID
    private let events = Recorder<SandboxEvent>()

    init() throws {
        ignoreBrokenPipes()
        ann = try #require(UserID("ann"))
        bob = try #require(UserID("bob"))
    }

    private func pool(
        _ engine: any ContainerEngine = InProcessEngine(), limits: Limits = Limits()
    ) -> SandboxPool {
        SandboxPool(
            configuration: SandboxConfiguration(), limits: limits,
            logger: Logger(program: "exec-mcp", level: .error) { _ in },
            locateEngine: { () throws(ExecError) in engine }, bridge: nil,
            events: SandboxEvents { [events] in events.record($0) })
    }

    /// What came up and ended, in order.
    private var lives: [String] {
        events.elements.compactMap { event in
            switch event {
            case .cameUp(let kind, _): "up \(kind)"
            case .failedToStart: "failed"
            case .ended(let reason): "ended \(reason)"
            default: nil
            }
        }
    }

    private var counts: [Int] {
        events.elements.compactMap { if case .count(let count) = $0 { count } else { nil } }
    }

    @Test func aSandboxComesUpForACallAndEndsWithTheServer() async throws {
        let pool = pool()
        for _ in 0..<2 { _ = try await pool.withSandbox(of: ann) { try await $0.execute("x", timeout: 5) } }
        #expect(lives == ["up new"])
        #expect(Set(counts) == [1])
        await pool.close(grace: 10)
        #expect(lives == ["up new", "ended shutdown"])
        #expect(counts.last == 0)
        let queued = events.elements.count { $0 == .queued }
        let dequeued = events.elements.count { if case .dequeued = $0 { true } else { false } }
        #expect(queued == 2)
        #expect(dequeued == 2)
    }

    @Test func aSandboxThatIsAskedToEndSaysSo() async throws {
        let pool = pool()
        _ = try await pool.withSandbox(of: ann) { $0.name }
        #expect(await pool.stopSandbox(of: ann, because: "test"))
        #expect(lives == ["up new", "ended requested"])
        await pool.close(grace: 10)
        #expect(lives.count == 2)
    }

    @Test func aSandboxThatMakesRoomIsEvicted() async throws {
        var limits = Limits()
        limits.maxSandboxes = 1
        let pool = pool(limits: limits)
        _ = try await pool.withSandbox(of: ann) { $0.name }
        _ = try await pool.withSandbox(of: bob) { $0.name }
        _ = try await events.wait { events in events.contains(.ended(.evicted)) }
        await pool.close(grace: 10)
        #expect(lives.sorted() == ["ended evicted", "ended shutdown", "up new", "up new"])
    }

    @Test func aPrewarmedSandboxSaysSo() async throws {
        let pool = pool()
        pool.prewarm([ann])
        _ = try await events.wait { events in
            events.contains { if case .cameUp(.prewarmed, _) = $0 { true } else { false } }
        }
        await pool.close(grace: 10)
    }

    @Test func aSandboxThatDoesNotComeUpHasFailed() async throws {
        let pool = pool(
            InProcessEngine { guest in
                guest.takeProgram()
                return
            })
        await #expect(throws: (any Error).self) { try await pool.withSandbox(of: ann) { $0.name } }
        #expect(lives == ["failed"])
        #expect(counts.last == 0)
        await pool.close(grace: 10)
    }
}
