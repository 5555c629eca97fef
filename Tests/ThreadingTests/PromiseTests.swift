import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(3))) struct PromiseTests {
    private struct SampleError: Error {}

    @Test func bringsWhatIsThereBeforeTheTaskWaits() async throws {
        #expect(try await withPromise { $0.resume(returning: 7) } == 7)
        await #expect(throws: SampleError.self) {
            try await withPromise { (promise: Promise<Int>) in promise.resume(throwing: SampleError()) }
        }
    }

    @Test func bringsWhatAnotherThreadMakes() async throws {
        for number in 0..<200 {
            let made: [Int] = try await withPromise { promise in
                do {
                    try BackgroundThread.start { promise.resume(returning: Array(0...number)) }
                } catch {
                    promise.resume(throwing: error)
                }
            }
            #expect(made.last == number)
        }
    }

    @Test func letsGoOfWhatItBrought() async throws {
        weak var observed: Recorder<Int>?
        do {
            let recorder = try await withPromise { (promise: Promise<Recorder<Int>>) in
                promise.resume(returning: Recorder<Int>())
            }
            observed = recorder
            #expect(recorder.elements.isEmpty)
        }
        #expect(observed == nil)
    }
}
