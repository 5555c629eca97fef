import Foundation
import JSON
import JSONRPC
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct LineWriterTests {
    /// Reads everything, a little at a time, until `count` lines are there.
    private static func lines(_ count: Int, from descriptor: Int32, atMost size: Int) -> [String] {
        var content: [UInt8] = []
        var found = 0
        while found < count {
            let piece = readSome(from: descriptor, atMost: size)
            if piece.isEmpty { break }
            found += piece.count { $0 == 0x0A }
            content += piece
        }
        return content.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// A message whose length depends on its number: short ones, some around the size of an atomic write, long ones.
    private static func message(_ thread: Int, _ number: Int) -> JSON {
        let lengths = [0, 10, 4040, 4096, 70_000]
        return [.integer(thread), .integer(number), .string(String(repeating: "é", count: lengths[number % 5] / 2))]
    }

    private func expectWholeLines(from descriptor: Int32, writtenTo other: Int32, slowly: Bool) async throws {
        let (threads, messages) = (8, 50)
        let writer = try LineWriter(descriptor: other) { Issue.record("the reader is there") }
        async let read = onThread {
            Self.lines(threads * messages, from: descriptor, atMost: slowly ? 1000 : 1 << 20)
        }
        _ = try await onThreads(threads) { thread in
            for number in 0..<messages { writer.write(Self.message(thread, number)) }
        }
        var next = [Int](repeating: 0, count: threads)
        for line in try await read {
            let thread = try #require(try JSON.parse(Array(line.utf8)).arrayValue?.first?.integerValue)
            #expect(line == Self.message(thread, next[thread]).text)
            next[thread] += 1
        }
        #expect(next == Array(repeating: messages, count: threads))
    }

    @Test(arguments: [true, false])
    func mixesNoLinesOfManyThreads(slowly: Bool) async throws {
        let pipe = try TestPipe()
        try await expectWholeLines(from: pipe.readEnd, writtenTo: pipe.writeEnd, slowly: slowly)
    }

    @Test func mixesNoLinesOnANonBlockingPipe() async throws {
        let pipe = try TestPipe()
        _ = fcntl(pipe.writeEnd, F_SETFL, O_NONBLOCK)
        try await expectWholeLines(from: pipe.readEnd, writtenTo: pipe.writeEnd, slowly: true)
    }

    @Test func writesToASocketToo() async throws {
        var ends: [Int32] = [-1, -1]
        #if canImport(Glibc)
            let kind = Int32(SOCK_STREAM.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        try await expectWholeLines(from: ends[0], writtenTo: ends[1], slowly: true)
    }

    @Test func writesToAFileToo() async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/lines"
        let descriptor = open(path, O_WRONLY | O_CREAT, 0o600)
        let writer = try LineWriter(descriptor: descriptor) { Issue.record("a file is always there") }
        for number in 0..<100 { writer.write(Self.message(0, number)) }
        try await onThread { writer.waitUntilWaiting(below: 1) }
        let expected = (0..<100).map { Self.message(0, $0).text + "\n" }.joined()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == expected)
    }

    @Test func keepsALineOnOneLine() async throws {
        let pipe = try TestPipe()
        let writer = try LineWriter(descriptor: pipe.writeEnd) {}
        writer.write(["text": "a\nb\r\u{2028}\u{0}"])
        let bytes = try await onThread { readSome(from: pipe.readEnd) }
        #expect(bytes.count { $0 == 0x0A } == 1)
        #expect(bytes.last == 0x0A)
        #expect(!bytes.contains(0x0D))
    }

    @Test func returnsAtOnceWhereNobodyReads() async throws {
        let pipe = try TestPipe()
        let writer = try LineWriter(descriptor: pipe.writeEnd) {}
        let message: JSON = .string(String(repeating: "x", count: 998))
        for _ in 0..<1000 { writer.write(message) }
        async let drained: Void = onThread { writer.waitUntilWaiting(below: 1) }
        #expect(try await onThread { Self.lines(1000, from: pipe.readEnd, atMost: 65_536) }.count == 1000)
        try await drained
    }

    @Test func letsAWaiterGoOnOnceLittleIsWaiting() async throws {
        let pipe = try TestPipe()
        let writer = try LineWriter(descriptor: pipe.writeEnd) {}
        for _ in 0..<10 { writer.write(.string(String(repeating: "x", count: 100_000))) }
        let passed = Recorder<Bool>()
        async let waited: Void = onThread {
            writer.waitUntilWaiting(below: 300_000)
            passed.record(true)
        }
        // With four lines read and at most 64 KiB in the pipe, the fifth is not yet written: over 500,000 bytes wait.
        _ = try await onThread { Self.lines(4, from: pipe.readEnd, atMost: 4096) }
        #expect(passed.elements.isEmpty)
        _ = try await onThread { Self.lines(6, from: pipe.readEnd, atMost: 4096) }
        try await waited
    }

    @Test(arguments: [10, 200_000])
    func tellsOnceThatTheReaderIsGone(size: Int) async throws {
        let pipe = try TestPipe()
        let broken = Recorder<Bool>()
        let writer = try LineWriter(descriptor: pipe.writeEnd) { broken.record(true) }
        close(pipe.readEnd)
        _ = try await onThreads(4) { _ in
            for _ in 0..<20 { writer.write(.string(String(repeating: "x", count: size))) }
        }
        try await broken.wait(forCount: 1)
        // Nothing is kept for a reader that does not come back, and whoever waits for one goes on.
        try await onThread { writer.waitUntilWaiting(below: 1) }
        writer.write("more")
        #expect(broken.elements.count == 1)
    }

    @Test func noticesAReaderThatGoesInTheMiddleOfALine() async throws {
        let pipe = try TestPipe()
        let broken = Recorder<Bool>()
        let writer = try LineWriter(descriptor: pipe.writeEnd) { broken.record(true) }
        writer.write(.string(String(repeating: "x", count: 1_000_000)))
        _ = try await onThread { readSome(from: pipe.readEnd, atMost: 100) }
        close(pipe.readEnd)
        try await broken.wait(forCount: 1)
    }

    @Test func losesWhatNobodyWaitsForWhereMuchIsUnread() async throws {
        let pipe = try TestPipe()
        let writer = try LineWriter(descriptor: pipe.writeEnd, backlogLimit: 300_000) {}
        let long: JSON = .string(String(repeating: "x", count: 100_000))
        for _ in 0..<5 { writer.write(long) }
        for _ in 0..<1000 { writer.writeIfKeepingUp("lost") }
        writer.write("kept")
        let lines = try await onThread { Self.lines(6, from: pipe.readEnd, atMost: 65_536) }
        #expect(lines.map(\.count) == [100_002, 100_002, 100_002, 100_002, 100_002, 6])
        try await onThread { writer.waitUntilWaiting(below: 1) }
        writer.writeIfKeepingUp("heard")
        #expect(try await onThread { Self.lines(1, from: pipe.readEnd, atMost: 100) } == [#""heard""#])
    }

    @Test func letsAWaiterGoOnWhenNobodyIsThereToWaitFor() async throws {
        let pipe = try TestPipe()
        let writer = try LineWriter(descriptor: pipe.writeEnd, backlogLimit: 1000) {}
        for _ in 0..<10 { writer.write(.string(String(repeating: "x", count: 100_000))) }
        async let waited: Void = onThread { writer.waitForRoom() }
        writer.stopWaitingForRoom()
        try await waited
        writer.waitForRoom()
        _ = try await onThread { Self.lines(10, from: pipe.readEnd, atMost: 65_536) }
    }

    /// Fills the writer, lets tasks wait, and tells who has gone on.
    private func letWait(
        _ count: Int, behind writer: LineWriter, _ gone: Recorder<Int>,
        _ body: ([Task<Void, Never>]) async throws -> Void
    ) async rethrows {
        for _ in 0..<5 { writer.write(.string(String(repeating: "x", count: 100_000))) }
        let tasks = (0..<count).map { number in
            Task {
                await writer.untilRoom()
                gone.record(number)
            }
        }
        try await body(tasks)
        for task in tasks { await task.value }
    }

    @Test func letsTasksGoOnOnceThereIsRoom() async throws {
        let (pipe, gone) = (try TestPipe(), Recorder<Int>())
        let writer = try LineWriter(descriptor: pipe.writeEnd, backlogLimit: 150_000) {}
        try await letWait(20, behind: writer, gone) { _ in
            _ = try await onThread { Self.lines(3, from: pipe.readEnd, atMost: 4096) }
            #expect(gone.elements.isEmpty)
            _ = try await onThread { Self.lines(2, from: pipe.readEnd, atMost: 4096) }
        }
        #expect(gone.elements.count == 20)
        await writer.untilRoom()
    }

    @Test func letsACancelledTaskGoOnAlone() async throws {
        let (pipe, gone) = (try TestPipe(), Recorder<Int>())
        let writer = try LineWriter(descriptor: pipe.writeEnd, backlogLimit: 150_000) {}
        try await letWait(3, behind: writer, gone) { tasks in
            tasks[1].cancel()
            await tasks[1].value
            #expect(gone.elements == [1])
            _ = try await onThread { Self.lines(5, from: pipe.readEnd, atMost: 65_536) }
        }
    }

    @Test(arguments: [true, false])
    func letsTasksGoOnWhereNobodyWillRead(isClosed: Bool) async throws {
        let (pipe, gone) = (try TestPipe(), Recorder<Int>())
        let writer = try LineWriter(descriptor: pipe.writeEnd, backlogLimit: 150_000) {}
        await letWait(3, behind: writer, gone) { _ in
            if isClosed { close(pipe.readEnd) } else { writer.stopWaitingForRoom() }
        }
        if !isClosed { _ = try await onThread { Self.lines(5, from: pipe.readEnd, atMost: 65_536) } }
    }
}
