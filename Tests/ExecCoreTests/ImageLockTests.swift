import SystemCalls
import TestSupport
import Testing
import Threading

@testable import ExecCore

/// One process at a time gets an image.
@Suite(.timeLimit(.minutes(2))) struct ImageLockTests {
    private let directory: TemporaryDirectory
    private var place: LingerDirectory { LingerDirectory(path: directory.path) }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func lock(_ image: String = "a:1") -> ImageLock {
        ImageLock(image: image, engine: "/usr/bin/docker", in: place)
    }

    @Test func theSecondWaitsForTheFirst() async throws {
        let (story, mayEnd) = (Recorder<String>(), AsyncEvent())
        let first = Task {
            try await lock().locked(onWait: { story.record("the first waits") }) {
                story.record("first")
                await mayEnd.wait()
                story.record("first has ended")
            }
        }
        try await story.wait(forCount: 1)
        let second = Task {
            try await lock().locked(onWait: { story.record("the second waits") }) { story.record("second") }
        }
        try await story.wait(forCount: 2)
        mayEnd.complete()
        try await first.value
        try await second.value
        #expect(story.elements == ["first", "the second waits", "first has ended", "second"])
        #expect(Files.names(in: directory.path).isEmpty)
    }

    @Test func anotherImageDoesNotWait() async throws {
        try await lock().locked(onWait: {}) {
            try await lock("a:2").locked(onWait: { Issue.record("waits") }) {}
        }
    }

    @Test func oneThatIsCancelledWhileItWaitsGivesUpAndLocksNothing() async throws {
        let (story, mayEnd) = (Recorder<String>(), AsyncEvent())
        let first = Task {
            try await lock().locked(onWait: {}) {
                story.record("first")
                await mayEnd.wait()
            }
        }
        try await story.wait(forCount: 1)
        let second = Task {
            try await lock().locked(onWait: { story.record("waits") }) { story.record("never") }
        }
        try await story.wait(forCount: 2)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        mayEnd.complete()
        try await first.value
        try await lock().locked(onWait: {}) { story.record("third") }
        #expect(story.elements == ["first", "waits", "third"])
    }

    @Test func aFailureIsKeptForTheNextAndForThisImageOnly() {
        #expect(lock().recentFailure == nil)
        lock().record(failure: "No disk.")
        #expect(lock().recentFailure == "No disk.")
        #expect(lock("a:2").recentFailure == nil)
        lock().record(failure: "No network.")
        #expect(lock().recentFailure == "No network.")
        lock().record(failure: nil)
        #expect(lock().recentFailure == nil)
        #expect(Files.names(in: directory.path).isEmpty)
    }

    @Test func anOldFailureIsNoReason() throws {
        lock().record(failure: "No disk.")
        let file = try #require(Files.names(in: directory.path).first)
        let old = timespec(tv_sec: time(nil) - ImageLock.failureSeconds - 1, tv_nsec: 0)
        try #require(utimensat(AT_FDCWD, "\(directory.path)/\(file)", [old, old], 0) == 0)
        #expect(lock().recentFailure == nil)
    }

    @Test func withoutAPlaceForLocksTheWorkIsDone() async throws {
        let lock = ImageLock(image: "a:1", engine: "docker", in: nil)
        #expect(try await lock.locked(onWait: {}) { 42 } == 42)
        lock.record(failure: "No disk.")
        #expect(lock.recentFailure == nil)
    }
}
