import Foundation
import HTTPServer
import TestSupport
import Testing
import Threading

/// Clients that are broken, slow, gone or too many.
@Suite(.timeLimit(.minutes(3))) struct BadClientTests {
    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 30\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n\nContent-Length: 30\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n", 400),
        ("GARBAGE\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
    ])
    func takesNothingAfterWhatItRefuses(text: String, status: Int) async throws {
        let paths = Recorder<String>()
        let handler: HTTPServer.Handler = { request, remote in
            paths.record(request.path)
            return await echo(request, remote)
        }
        try await withServer(handler: handler) { port in
            let client = try RawClient(port: port)
            try client.send(text + get("/smuggled"))
            let answer = try await client.readToEnd()
            #expect(answer.status == status)
            #expect(answer.occurrences(of: "HTTP/1.1") == 1)
            #expect(answer.contains("\r\nConnection: close\r\n"))
        }
        #expect(paths.elements.isEmpty)
    }

    @Test func refusesInTheOwnersWords() async throws {
        var options = HTTPServerOptions()
        options.refusal = { HTTPResponse(status: $0.status, text: "refused: \($0.reason)") }
        try await withServer(options, handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send("GET / HTTP/3.0\r\n\r\n")
            #expect(try await client.readToEnd().contains("refused: The only supported version"))
        }
    }

    @Test(arguments: [
        ("", "GET / HTTP/1.1"), ("GET / HTTP/1.1\r\nHost: a\r\n", "X-Y: a long value that never comes to its end"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n", "a body that is long in coming"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "1F4\r\nchunks are no different"),
    ])
    func cutsOffWhoSendsARequestTooSlowly(beginning: String, rest: String) async throws {
        let options = limits { ($0.headSeconds, $0.bodySeconds) = (0.3, 0.3) }
        try await withServer(options, handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send(beginning)
            // A byte now and then does not help.
            for byte in rest.utf8 {
                guard (try? client.send([byte])) != nil else { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try await client.readToEnd().status == 408)
        }
    }

    @Test func closesWithoutAWordWhoSaysNothing() async throws {
        try await withServer(limits { $0.headSeconds = 0.1 }, handler: echo) { port in
            let answer = try await RawClient(port: port).readToEnd()
            #expect(answer == "")
        }
        try await withServer(limits { $0.idleSeconds = 0.1 }, handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send(get("/"))
            #expect(try await client.readToEnd().occurrences(of: "HTTP/1.1") == 1)
        }
    }

    /// How a client goes.
    enum Leaving: CaseIterable {
        case close, reset
    }

    @Test(arguments: Leaving.allCases, [true, false])
    func cancelsTheHandlerOfAClientThatGoesAway(leaving: Leaving, isStreaming: Bool) async throws {
        let events = Recorder<String>()
        let wait: @Sendable () async -> Void = {
            events.record("started")
            try? await Task.sleep(for: .seconds(3600))
            events.record("cancelled")
        }
        let handler: HTTPServer.Handler = { _, _ in
            guard isStreaming else {
                await wait()
                return HTTPResponse()
            }
            return HTTPResponse(
                body: .stream { writer in
                    try await writer.write("begin")
                    await wait()
                })
        }
        try await withServer(handler: handler) { port in
            let client = try RawClient(port: port)
            try client.send(get("/"))
            try await events.wait(forCount: 1)
            if isStreaming { try await client.read(through: "begin") }
            switch leaving {
            case .close: client.close()
            case .reset: client.reset()
            }
            #expect(try await events.wait(forCount: 2) == ["started", "cancelled"])
        }
    }

    @Test(arguments: ["HTTP/1.0", "HTTP/1.1"], [true, false])
    func answersAClientThatHasSentAll(version: String, isStreaming: Bool) async throws {
        let events = Recorder<String>()
        let isRead = AsyncEvent()
        let handler: HTTPServer.Handler = { request, _ in
            guard isStreaming else {
                events.record("started")
                await isRead.wait()
                return HTTPResponse(text: Task.isCancelled ? "cancelled" : "answer")
            }
            return HTTPResponse(
                body: .stream { writer in
                    try await writer.write("begin")
                    events.record("started")
                    await isRead.wait()
                    try await writer.write("answer")
                })
        }
        try await withServer(handler: handler) { port in
            let client = try RawClient(port: port)
            try client.send("POST / \(version)\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
            try await events.wait(forCount: 1)
            if isStreaming { try await client.read(through: "begin") }
            client.endOutput()
            // What is sent at once shows whether the client is there all the same.
            let isProbed = version == "HTTP/1.1"
            if isProbed { try await client.read(through: isStreaming ? "\r\n0" : "100 Continue\r\n\r\n") }
            isRead.complete()
            let answer = try await client.readToEnd()
            #expect(answer.contains("answer"), "\(answer)")
            #expect(!answer.contains("cancelled"), "\(answer)")
            if isStreaming, isProbed { #expect(answer.hasSuffix("6\r\nanswer\r\n0\r\n\r\n")) }
        }
    }

    @Test func answersAllRequestsOfAClientThatHasSentThem() async throws {
        try await withServer(handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send(get("/1") + get("/2") + get("/3") + "GET /half HTTP/1.1\r\nHo")
            client.endOutput()
            let answer = try await client.readToEnd()
            #expect(["GET /1", "GET /2", "GET /3"].allSatisfy { answer.contains($0) })
            #expect(!answer.contains("/half"))
        }
    }

    @Test func noticesAClientThatGoesAwayWithMoreUnread() async throws {
        let events = Recorder<String>()
        let handler: HTTPServer.Handler = { _, _ in
            events.record("started")
            try? await Task.sleep(for: .seconds(3600))
            events.record("cancelled")
            return HTTPResponse()
        }
        try await withServer(handler: handler) { port in
            let client = try RawClient(port: port)
            // More than is read ahead: the end of the stream stands behind it.
            try client.send(get("/") + String(repeating: get("/again"), count: 4000))
            try await events.wait(forCount: 1)
            client.close()
            #expect(try await events.wait(forCount: 2) == ["started", "cancelled"])
        }
    }

    @Test func holdsBackTheProducerAndCutsOffWhoDoesNotRead() async throws {
        let written = Locked(0)
        let outcome = Recorder<String>()
        let handler: HTTPServer.Handler = { _, _ in
            HTTPResponse(
                body: .stream { writer in
                    do {
                        while true {
                            try await writer.write([UInt8](repeating: 65, count: 16 * 1024))
                            written.withLock { $0 += 16 * 1024 }
                        }
                    } catch {
                        outcome.record("\(type(of: error))")
                        throw error
                    }
                })
        }
        try await withServer(limits { $0.sendSeconds = 0.5 }, handler: handler) { port in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            try client.send(get("/"))
            try await outcome.wait(forCount: 1)
            // What the system buffers is some megabytes at most.
            #expect(written.withLock { $0 } < 64 * 1024 * 1024)
            client.close()
        }
        #expect(["ConnectionClosedError", "CancellationError"].contains(outcome.elements[0]))
    }

    @Test func letsAProducerGoOnWhenItsClientReadsAgain() async throws {
        let handler: HTTPServer.Handler = { _, _ in
            HTTPResponse(
                body: .stream { writer in
                    for _ in 0..<2000 { try await writer.write([UInt8](repeating: 65, count: 10_000)) }
                })
        }
        try await withServer(handler: handler) { port in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            try client.send(get("/", last))
            try await Task.sleep(for: .milliseconds(200))
            let answer = try await client.readToEnd()
            #expect(answer.utf8.count(where: { $0 == 65 }) == 20_000_000)
            #expect(answer.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func refusesOneConnectionTooMany() async throws {
        let gate = Recorder<Void>()
        let handler: HTTPServer.Handler = { request, remote in
            if request.path == "/wait" {
                gate.record(())
                try? await Task.sleep(for: .seconds(3600))
            }
            return await echo(request, remote)
        }
        try await withServer(limits { $0.connections = 2 }, handler: handler) { port in
            let busy = [try RawClient(port: port), try RawClient(port: port)]
            for client in busy { try client.send(get("/wait")) }
            try await gate.wait(forCount: 2)
            let third = try RawClient(port: port)
            try third.send(get("/"))
            #expect(try await third.readToEnd().status == 503)

            busy[0].close()
            try await eventually {
                let next = try RawClient(port: port)
                try next.send(get("/", last))
                return try await next.readToEnd().status == 200
            }
        }
    }

    @Test func closesARestingConnectionForANewOne() async throws {
        try await withServer(limits { $0.connections = 2 }, handler: echo) { port in
            var clients: [RawClient] = []
            for _ in 0..<4 {
                let next = try RawClient(port: port)
                clients.append(next)
                try next.send(get("/"))
                try await next.read(through: "GET / \n")
            }
            for client in clients.prefix(2) { #expect(try await client.isEnded()) }
            withExtendedLifetime(clients) {}
        }
    }

    @Test func refusesOneConnectionTooManyOfAnAddress() async throws {
        try await withServer(limits { $0.connectionsPerAddress = 1 }, handler: echo) { port in
            let first = try RawClient(port: port)
            try first.send(get("/"))
            try await first.read(through: "GET / \n")
            #expect(try await RawClient(port: port).readToEnd().status == 503)
        }
    }
}
