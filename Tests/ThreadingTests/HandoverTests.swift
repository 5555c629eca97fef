import TestSupport
import Testing
import Threading

@Suite(.timeLimit(.minutes(2))) struct HandoverTests {
    private struct Failure: Error {}

    @Test func bringsWhatIsThereBeforeTheTaskWaits() async throws {
        #expect(try await withHandover { $0.resume(returning: 7) } == 7)
        await #expect(throws: Failure.self) {
            try await withHandover { (handover: Handover<Int>) in handover.resume(throwing: Failure()) }
        }
    }

    @Test func bringsWhatAnotherThreadMakes() async throws {
        for number in 0..<200 {
            let made: [Int] = try await withHandover { handover in
                do {
                    try BackgroundThread.start { handover.resume(returning: Array(0...number)) }
                } catch {
                    handover.resume(throwing: error)
                }
            }
            #expect(made.last == number)
        }
    }

    @Test func letsGoOfWhatItBrought() async throws {
        weak var observed: Recorder<Int>?
        do {
            let recorder = try await withHandover { (handover: Handover<Recorder<Int>>) in
                handover.resume(returning: Recorder<Int>())
            }
            observed = recorder
            #expect(recorder.elements.isEmpty)
        }
        #expect(observed == nil)
    }
}
