import TestSupport
import Testing
import Threading

@testable import ExecAgent

@Suite(.timeLimit(.minutes(3))) struct TransferMailboxTests {
    private func put(_ text: String, into mailbox: TransferMailbox) -> TransferMailbox.Acceptance {
        Array(text.utf8).withUnsafeBufferPointer { mailbox.put($0) }
    }

    private func bytes(_ text: String) -> TransportEvent { .bytes(Array(text.utf8)) }

    @Test func givesWhatCameInItsOrderAndThenItsEnd() async throws {
        let mailbox = TransferMailbox(limit: 100)
        mailbox.put(UpstreamResponseHead(status: 200))
        #expect(put("a", into: mailbox) == .accepted)
        #expect(put("b", into: mailbox) == .accepted)
        mailbox.end(.lost)
        mailbox.end(nil)
        #expect(try await mailbox.next {} == .head(UpstreamResponseHead(status: 200)))
        #expect(try await mailbox.next {} == bytes("ab"))
        await #expect(throws: TransportError.lost) { try await mailbox.next {} }
        #expect(put("c", into: mailbox) == .closed)
    }

    @Test func handsToAReaderThatWaits() async throws {
        let mailbox = TransferMailbox(limit: 100)
        for text in ["a", "bb", "ccc"] {
            let reader = Task { try await mailbox.next {} }
            let accepted = put(text, into: mailbox)
            #expect(accepted == .accepted)
            #expect(try await reader.value == bytes(text))
        }
        let reader = Task { try await mailbox.next {} }
        mailbox.end(nil)
        #expect(try await reader.value == nil)
    }

    @Test func turnsAwayWhatIsTooMuchAndAsksForItOnce() async throws {
        let mailbox = TransferMailbox(limit: 3)
        let asked = Recorder<Int>()
        #expect(put("ab", into: mailbox) == .accepted)
        #expect(put("cd", into: mailbox) == .accepted)
        #expect(put("e", into: mailbox) == .full)
        #expect(put("e", into: mailbox) == .full)
        #expect(try await mailbox.next { asked.record(1) } == bytes("abcd"))
        #expect(asked.elements == [1])
        #expect(put("e", into: mailbox) == .accepted)
        #expect(try await mailbox.next { asked.record(2) } == bytes("e"))
        #expect(asked.elements == [1])
    }

    @Test func givesACancelledReaderTheEnd() async throws {
        let mailbox = TransferMailbox(limit: 100)
        let reader = Task { try await mailbox.next {} }
        reader.cancel()
        #expect(try await reader.value == nil)
        #expect(put("a", into: mailbox) == .closed)
    }

    @Test func forgetsWhatNobodyReads() async throws {
        let mailbox = TransferMailbox(limit: 100)
        #expect(put("a", into: mailbox) == .accepted)
        mailbox.close()
        #expect(put("b", into: mailbox) == .closed)
        #expect(try await mailbox.next {} == nil)
    }
}
