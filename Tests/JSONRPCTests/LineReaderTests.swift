import Foundation
import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct LineReaderTests {
    /// The lines that a reader gives while `write` writes to the other end of its pipe and closes it.
    private func lines(limit: Int, _ write: @escaping @Sendable (Int32) -> Void) async throws -> [LineSplitter.Line] {
        let pipe = try TestPipe()
        async let written: Void = onThread {
            write(pipe.writeEnd)
            close(pipe.writeEnd)
        }
        let read = try await onThread {
            var lines: [LineSplitter.Line] = []
            LineReader(descriptor: pipe.readEnd, lineLimit: limit).forEachLine { lines.append($0) }
            return lines
        }
        try await written
        close(pipe.readEnd)
        return read
    }

    @Test func readsToTheEndOfTheStream() async throws {
        let lines = try await lines(limit: 100) { writeAll("one\ntwo\r\n", to: $0) }
        #expect(lines == [.complete(Array("one".utf8)), .complete(Array("two".utf8))])
    }

    @Test func takesALastLineWithoutAnEndForNoMessage() async throws {
        #expect(try await lines(limit: 100) { writeAll("one\ntw", to: $0) } == [.complete(Array("one".utf8))])
        #expect(try await lines(limit: 100) { _ in } == [])
    }

    @Test func putsTogetherLinesThatComeInManyPieces() async throws {
        let long = String(repeating: "abcdefgh", count: 100_000)
        let lines = try await lines(limit: 1 << 20) { descriptor in
            for byte in "x\n".utf8 { writeAll([byte], to: descriptor) }
            writeAll(long + "\nlast\n", to: descriptor)
        }
        #expect(lines == ["x", long, "last"].map { .complete(Array($0.utf8)) })
    }

    @Test func passesOverALineTooLongAndReadsOn() async throws {
        let lines = try await lines(limit: 1000) { descriptor in
            writeAll(String(repeating: "x", count: 5_000_000) + "\nlast\n", to: descriptor)
        }
        #expect(lines == [.tooLong(limit: 1000), .complete(Array("last".utf8))])
    }
}

/// Writes all of `bytes`, waiting where the reader is slower.
private func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

private func writeAll(_ text: String, to descriptor: Int32) {
    writeAll(Array(text.utf8), to: descriptor)
}
