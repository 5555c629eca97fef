import ChildProcess
import Foundation
import JSON
import SystemCalls
import TestSupport
import Testing

@testable import MCPClient

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What waits for a server that reads nothing.
@Suite(.timeLimit(.minutes(3))) struct OutboxTests {
    private let large = JSON.string(String(repeating: "x", count: 1_000_000))

    private func withOutbox(limit: Int = 10_000_000, _ body: (Outbox, _ reader: Int32) async throws -> Void)
        async throws
    {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let outbox = Outbox(input: PipeWriter(descriptor: ends[1]), limit: limit, answerLimit: 8, onBroken: {})
        try await body(outbox, ends[0])
        outbox.close()
        close(ends[0])
    }

    @Test func aRequestThatNobodyHasReadIsTakenBackWhole() async throws {
        try await withOutbox { outbox, reader in
            #expect(outbox.add(large, id: 1) == nil)
            // The first is being written from now on.
            #expect(await beginning(of: reader) == 1)
            #expect(outbox.add(large, id: 2) == nil)
            #expect(outbox.add(["n": 3], id: 3) == nil)
            #expect(!outbox.remove(1))
            #expect(outbox.remove(2))
            #expect(!outbox.remove(2))
            let rest = await lines(2, of: reader)
            #expect(rest.map(\.count) == [large.serialized().count - 1, #"{"n":3}"#.utf8.count])
        }
    }

    @Test func whatIsTakenBackMakesRoom() async throws {
        try await withOutbox(limit: 2_500_000) { outbox, reader in
            #expect(outbox.add(large, id: 1) == nil)
            #expect(await beginning(of: reader) == 1)
            for id in 2..<20 {
                #expect(outbox.add(large, id: id) == nil, "\(id)")
                #expect(outbox.remove(id), "\(id)")
            }
        }
    }
}

/// Reads from a pipe on a thread of its own, since that blocks.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}

private func beginning(of descriptor: Int32) async -> Int {
    await onThread {
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1)
    }
}

private func lines(_ count: Int, of descriptor: Int32) async -> [[UInt8]] {
    await onThread {
        var lines: [[UInt8]] = [[]]
        var buffer = [UInt8](repeating: 0, count: 65536)
        while lines.count <= count {
            let length = read(descriptor, &buffer, buffer.count)
            guard length > 0 else { break }
            for byte in buffer[..<length] {
                if byte == 0x0A { lines.append([]) } else { lines[lines.count - 1].append(byte) }
            }
        }
        return Array(lines.prefix(count))
    }
}
