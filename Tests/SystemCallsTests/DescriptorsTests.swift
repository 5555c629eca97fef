import Foundation
import SystemCalls
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct DescriptorsTests {
    @Test(arguments: [true, false])
    func readsAPipeToItsEndWhetherItWaitsOrNot(isNonBlocking: Bool) async throws {
        let pipe = try TestPipe()
        if isNonBlocking { _ = fcntl(pipe.readEnd, F_SETFL, O_NONBLOCK) }
        let read = Task { try await onThread { Descriptors.readAll(from: pipe.readEnd, limit: 100) } }
        for piece in ["the ", "task"] { #expect(Descriptors.write(Array(piece.utf8), to: pipe.writeEnd)) }
        pipe.endStream()
        #expect(try await read.value == Array("the task".utf8))
    }

    @Test func readsNoMoreThanTheLimit() throws {
        let pipe = try TestPipe()
        #expect(Descriptors.write([1, 2, 3], to: pipe.writeEnd))
        pipe.endStream()
        #expect(throws: Descriptors.ContentsError.tooLong) { try Descriptors.contents(of: pipe.readEnd, limit: 2) }
        #expect(throws: Descriptors.ContentsError.system(SystemError(number: EBADF))) {
            try Descriptors.contents(of: -1, limit: 2)
        }
    }

    @Test func writesToAPipeThatSomebodyMadeNonBlocking() async throws {
        let pipe = try TestPipe()
        Descriptors.setNonBlocking(pipe.writeEnd)
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
        let written = Task { try await onThread { Descriptors.write(bytes, to: pipe.writeEnd) } }
        let read = Task { try await onThread { Descriptors.readAll(from: pipe.readEnd, limit: bytes.count) } }
        #expect(try await written.value)
        pipe.endStream()
        #expect(try await read.value == bytes)
    }

    @Test func givesUpAPipeThatNobodyReads() async throws {
        let pipe = try TestPipe()
        Descriptors.setNonBlocking(pipe.writeEnd)
        let bytes = [UInt8](repeating: 0, count: 1 << 20)
        #expect(try await onThread { !Descriptors.write(bytes, to: pipe.writeEnd, stallTimeout: 1) })
        #expect(!Descriptors.write([0], to: -1))
    }

    @Test func makesPipesThatNoProgramInherits() throws {
        let ends = try Descriptors.makePipe()
        for end in [ends.read, ends.write] {
            #expect(fcntl(end, F_GETFD) & FD_CLOEXEC != 0)
            close(end)
        }
    }
}
