import Foundation
import TestSupport
import Testing

@testable import ChildProcess

@Suite(.timeLimit(.minutes(3))) struct PipeWriterTests {
    private let pipe: TestPipe
    private let writer: PipeWriter

    init() throws {
        pipe = try TestPipe()
        writer = PipeWriter(descriptor: pipe.writeEnd)
    }

    /// More than any pipe holds.
    private static let big = 4 * 1024 * 1024

    @Test func writesWholeMessagesInOrderThoughTheReaderIsSlow() async throws {
        // Each task's messages carry its letter and a running number; no other task's may come between their bytes.
        async let received = onThread {
            var content: [UInt8] = []
            while case let piece = readSome(from: pipe.readEnd, atMost: 777), !piece.isEmpty { content += piece }
            return content
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for letter in UInt8(ascii: "a")...UInt8(ascii: "h") {
                group.addTask {
                    for number in 1...40 {
                        try await writer.write(Self.message(letter, number))
                    }
                }
            }
            try await group.waitForAll()
        }
        writer.close()
        var rest = try await received[...]
        var numbers: [UInt8: Int] = [:]
        while let letter = rest.first {
            let number = numbers[letter, default: 0] + 1
            numbers[letter] = number
            let expected = Self.message(letter, number)
            try #require(Array(rest.prefix(expected.count)) == expected)
            rest = rest.dropFirst(expected.count)
        }
        #expect(numbers.count == 8)
        #expect(numbers.values.allSatisfy { $0 == 40 })
    }

    private static func message(_ letter: UInt8, _ number: Int) -> [UInt8] {
        Array(repeating: letter, count: 1 + number * number * 17) + [0x0A]
    }

    @Test func aThreadMayWaitForItsMessage() async throws {
        let bytes = Array(repeating: UInt8(5), count: Self.big)
        async let received = onThread {
            readSome(from: pipe.readEnd, atMost: 1).count + readAll(from: pipe.readEnd).count
        }
        try await onThread { [writer] in
            try writer.writeBlocking(bytes)
            writer.close()
        }
        #expect(try await received == bytes.count)
        await #expect(throws: PipeClosedError.self) { try await onThread { [writer] in try writer.writeBlocking([1]) } }
    }

    @Test func returnsAtOnceWhileThePipeTakesTheMessage() async throws {
        // Nobody reads.
        for _ in 0..<8 { try await writer.write(Array(repeating: 1, count: 4096)) }
        writer.close()
        #expect(try await onThread { readAll(from: pipe.readEnd) }.count == 8 * 4096)
    }

    @Test func aCloseEndsAWriteThatWaits() async throws {
        let task = Task { try await writer.write(Array(repeating: 1, count: Self.big)) }
        // The pipe is full once its first bytes are there: then the write waits for a reader that does not come.
        _ = try await onThread { readSome(from: pipe.readEnd, atMost: 1) }
        writer.close()
        await #expect(throws: PipeClosedError.self) { try await task.value }
    }

    @Test func aCloseEndsEveryWriteThatWaits() async throws {
        let tasks = (0..<5).map { _ in
            Task { try await writer.write(Array(repeating: 1, count: Self.big)) }
        }
        _ = try await onThread { readSome(from: pipe.readEnd, atMost: 1) }
        writer.close()
        for task in tasks { await #expect(throws: PipeClosedError.self) { try await task.value } }
    }

    @Test func failsOnceTheReaderIsGone() async throws {
        close(pipe.readEnd)
        await #expect(throws: PipeClosedError.self) { try await writer.write([1]) }
    }

    @Test func aWriteThatWaitsFailsWhenTheReaderGoes() async throws {
        let task = Task { try await writer.write(Array(repeating: 1, count: Self.big)) }
        _ = try await onThread { readSome(from: pipe.readEnd, atMost: 1) }
        close(pipe.readEnd)
        await #expect(throws: PipeClosedError.self) { try await task.value }
    }

    @Test func failsOnceItIsClosed() async throws {
        writer.close()
        writer.close()
        await #expect(throws: PipeClosedError.self) { try await writer.write([1]) }
        await #expect(throws: PipeClosedError.self) { try await writer.write([]) }
    }

    @Test func tellsTheReaderOfTheClose() async throws {
        try await writer.write([1, 2, 3])
        writer.close()
        #expect(try await onThread { readAll(from: pipe.readEnd) } == [1, 2, 3])
    }

    @Test func closesItselfWithItsLastUser() async throws {
        let other = try TestPipe()
        do {
            let shortLived = PipeWriter(descriptor: other.writeEnd)
            try await shortLived.write([7])
        }
        #expect(try await onThread { readAll(from: other.readEnd) } == [7])
    }

    @Test func writesToAChildThatHasEndedFail() async throws {
        let child = try ChildProcess(starting: .shell("exit 0"))
        _ = try await child.story()
        await #expect(throws: PipeClosedError.self) { try await child.input.write([1]) }
    }

    @Test func theEndOfAChildThatNeverReadsEndsAWrite() async throws {
        let child = try ChildProcess(starting: .shell("exec sleep 600"))
        async let story = child.story()
        let task = Task { try await child.input.write(Array(repeating: 1, count: Self.big)) }
        child.signal(SIGKILL)
        await #expect(throws: PipeClosedError.self) { try await task.value }
        #expect(try await story.end.status == .signalled(SIGKILL))
    }
}
