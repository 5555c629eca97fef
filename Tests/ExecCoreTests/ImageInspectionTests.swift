import Testing
import Threading

@testable import ExecCore

@Suite(.timeLimit(.minutes(5))) struct ImageInspectionTests {
    /// So long that a test which waits for its end fails.
    private static let long = 3600.0
    private let asked = Locked(0)

    private func inspection(_ ask: @escaping @Sendable (Int) async -> ImageContents?) -> ImageInspection {
        ImageInspection { [asked] in
            await ask(
                asked.withLock { count in
                    count += 1
                    return count
                })
        }
    }

    @Test func theEngineIsAskedOnceForAll() async {
        let release = AsyncEvent()
        let inspection = inspection { _ in
            await release.wait()
            return ImageContents(variant: .slim)
        }
        await withTaskGroup(of: ImageContents?.self) { group in
            for _ in 1...20 { group.addTask { await inspection.contents(within: Self.long) } }
            release.complete()
            for await contents in group { #expect(contents == ImageContents(variant: .slim)) }
        }
        #expect(await inspection.contents(within: Self.long)?.variant == .slim)
        #expect(asked.withLock { $0 } == 1)
    }

    @Test func anEngineThatHangsHoldsUpOneCallerForAMoment() async {
        let release = AsyncEvent()
        let inspection = inspection { _ in
            await release.wait()
            return .standard
        }
        #expect(await inspection.contents(within: 0.01) == nil)
        #expect(await inspection.contents(within: Self.long) == nil, "the first has waited for all")
        release.complete()
        while await inspection.contents(within: Self.long) == nil { await Task.yield() }
        #expect(await inspection.contents(within: Self.long) == .standard)
        #expect(asked.withLock { $0 } == 1)
    }

    @Test func noAnswerIsNotKept() async {
        let inspection = inspection { count in count == 1 ? nil : ImageContents(variant: nil) }
        #expect(await inspection.contents(within: Self.long) == nil)
        #expect(await inspection.contents(within: Self.long) == ImageContents(variant: nil))
        #expect(asked.withLock { $0 } == 2)
    }
}
