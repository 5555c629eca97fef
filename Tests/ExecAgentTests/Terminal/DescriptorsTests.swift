import Foundation
import TestSupport
import Testing

@testable import ExecAgent

@Suite(.timeLimit(.minutes(1))) struct DescriptorsTests {
    @Test(arguments: [true, false])
    func readsAPipeToItsEndWhetherItWaitsOrNot(isNonBlocking: Bool) async throws {
        let pipe = try TestPipe()
        if isNonBlocking { _ = fcntl(pipe.readEnd, F_SETFL, O_NONBLOCK) }
        let read = Task { try await onBackgroundThread { Descriptors.readAll(from: pipe.readEnd, limit: 100) } }
        for piece in ["the ", "task"] { #expect(Descriptors.write(Array(piece.utf8), to: pipe.writeEnd)) }
        pipe.endStream()
        #expect(try await read.value == Array("the task".utf8))
    }
}
