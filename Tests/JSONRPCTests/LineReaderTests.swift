import Foundation
import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct LineReaderTests {
    /// The lines that a reader gives while `write` writes to the other end of its pipe and closes it.
    private func lines(
        limit: Int, isNonBlocking: Bool = false, _ write: @escaping @Sendable (Int32) -> Void
    ) async throws -> [LineSplitter.Line] {
        let pipe = try TestPipe()
        async let written: Void = onThread {
            write(pipe.writeEnd)
            close(pipe.writeEnd)
        }
        let read = try await onThread {
            var lines: [LineSplitter.Line] = []
            if isNonBlocking { _ = fcntl(pipe.readEnd, F_SETFL, O_NONBLOCK) }
            try LineReader(descriptor: pipe.readEnd, lineLimit: limit).forEachLine { lines.append($0) }
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

    @Test func tellsALastLineWithoutAnEndFromTheOthers() async throws {
        let lines = try await lines(limit: 100) { writeAll("one\ntw", to: $0) }
        #expect(lines == [.complete(Array("one".utf8)), .unfinished(Array("tw".utf8))])
        #expect(try await self.lines(limit: 100) { _ in } == [])
    }

    @Test(arguments: ["one\ntwo\n", "one", "\n", ""])
    func waitsWhereTheDescriptorDoesNot(last: String) async throws {
        let start = String(repeating: "x", count: 200_000)
        let lines = try await lines(limit: 1 << 20, isNonBlocking: true) { descriptor in
            // The reader finds nothing in the pipe before the first line, in the middle of it and before its end.
            for piece in [start, start, "\n", last] {
                usleep(20_000)
                writeAll(piece, to: descriptor)
            }
        }
        #expect(lines.first == .complete(Array((start + start).utf8)))
        #expect(lines.count == 1 + last.split(separator: "\n").count)
    }

    @Test func saysWhyItCannotRead() throws {
        let directory = open("/", O_RDONLY)
        defer { close(directory) }
        for (descriptor, reason) in [(directory, "Is a directory"), (-1, "Bad file descriptor")] {
            let error = #expect(throws: ReadError.self) {
                try LineReader(descriptor: descriptor, lineLimit: 10).forEachLine { _ in }
            }
            #expect(error?.description == reason)
        }
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
