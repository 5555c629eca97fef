import Foundation
import HTTPServer
import TestSupport
import Testing
import Threading

/// Starting, stopping and what is left of it.
@Suite(.timeLimit(.minutes(3))) struct ServerLifeTests {
    @Test func serves64ConnectionsAtOnce() async throws {
        let arrived = Recorder<Void>()
        let handler: HTTPServer.Handler = { request, remote in
            arrived.record(())
            // None is answered before all are there.
            _ = try? await arrived.wait(forCount: 64)
            return await echo(request, remote)
        }
        try await withServer(handler: handler) { port in
            let answers = try await onThreads(64) { number in
                let client = try RawClient(port: port)
                try client.send(get("/\(number)", last))
                return client
            }
            for (number, client) in answers.enumerated() {
                #expect(try await client.readToEnd().hasSuffix("GET /\(number) \n"))
            }
        }
    }

    @Test func letsWhatIsUnderWayEndWhenItStops() async throws {
        let started = Recorder<Void>()
        let (signals, signal) = AsyncStream<Void>.makeStream()
        let server = try await HTTPServer.start(host: "127.0.0.1", port: 0) { request, remote in
            if request.path == "/slow" {
                started.record(())
                for await _ in signals { break }
            }
            return await echo(request, remote)
        }
        let resting = try RawClient(port: server.port)
        try resting.send(get("/"))
        try await resting.read(through: "GET / \n")
        let slow = try RawClient(port: server.port)
        try slow.send(get("/slow"))
        try await started.wait(forCount: 1)

        async let stopped: Void = server.stop(graceSeconds: 60)
        #expect(try await resting.isEnded())
        // Not listened to any more.
        #expect(throws: RawClient.LostError.self) { try RawClient(port: server.port) }
        signal.yield()
        let answer = try await slow.readToEnd()
        #expect(answer.hasSuffix("GET /slow \n"))
        #expect(answer.contains("Connection: close\r\n"))
        await stopped
        await server.waitUntilStopped()
        await server.stop()
    }

    @Test func cancelsWhatOutlastsTheGrace() async throws {
        let events = Recorder<String>()
        let server = try await HTTPServer.start(host: "127.0.0.1", port: 0) { _, _ in
            events.record("started")
            try? await Task.sleep(for: .seconds(3600))
            events.record("ended")
            return HTTPResponse()
        }
        let client = try RawClient(port: server.port)
        try client.send(get("/"))
        try await events.wait(forCount: 1)
        await server.stop(graceSeconds: 0.1)
        #expect(events.elements == ["started", "ended"], "stopped when the handlers have ended")
        #expect(try await client.isEnded())
    }

    @Test func leavesNoDescriptorOpen() async throws {
        let server = try await HTTPServer.start(host: "127.0.0.1", port: 0, handler: echo)
        for _ in 0..<20 {
            let clients = try (0..<10).map { _ in try RawClient(port: server.port) }
            for (number, client) in clients.enumerated() {
                switch number % 5 {
                case 0: try client.send(get("/", last))
                case 1: try client.send("BAD\r\n\r\n")
                case 2: client.reset()
                case 3: try client.send("GET / HT")
                default: try client.send(get("/"))
                }
            }
            for client in clients { client.close() }
        }
        try await eventually { try openDescriptors(port: server.port) == 1 }
        await server.stop()
        #expect(try openDescriptors(port: server.port) == 0)
    }

    /// The sockets of this process that have this local port, by the kernel's own table: other tests have sockets too.
    private func openDescriptors(port: Int) throws -> Int {
        let digits = String(port, radix: 16, uppercase: true)
        let suffix = ":" + String(repeating: "0", count: 4 - digits.count) + digits
        let table = try String(contentsOfFile: "/proc/self/net/tcp", encoding: .utf8)
        let inodes: [String] = table.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: " ")
            guard columns.count > 9, columns[1].hasSuffix(suffix) else { return nil }
            return "socket:[\(columns[9])]"
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        return files.filter { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            return target.map { inodes.contains($0) } ?? false
        }.count
    }
}
