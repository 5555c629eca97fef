import HTTPServer
import TestSupport
import Testing
import Threading

/// Bodies larger than those of other requests.
@Suite(.timeLimit(.minutes(3))) struct LargeBodyTests {
    private func options(total: Int = 1 << 20) -> HTTPServerOptions {
        limits {
            $0.bodyBytes = 100
            $0.largeBodies = [LargeBody(method: "PUT", pathPrefix: "/files/", bytes: 1000)]
            $0.largeBodyBytes = total
        }
    }

    private func request(_ method: String, _ path: String, _ length: Int) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(last)Content-Length: \(length)\r\n\r\n"
    }

    @Test(arguments: [
        ("PUT", "/files/a", 1000, 200), ("PUT", "/files/a", 1001, 413), ("POST", "/files/a", 101, 413),
        ("PUT", "/other", 101, 413), ("PUT", "/other", 100, 200), ("PUT", "/files", 101, 413),
        ("PUT", "/other/../files/a", 101, 413),
    ])
    func onlyTheirRequestsMayHaveThem(method: String, path: String, length: Int, status: Int) async throws {
        try await withServer(options(), handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send(request(method, path, length) + String(repeating: "x", count: length))
            let answer = try await client.readToEnd()
            #expect(answer.status == status)
            if status == 200 { #expect(answer.hasSuffix(String(repeating: "x", count: length) + "\n")) }
        }
    }

    @Test func chunksAreNoWayAroundTheLimit() async throws {
        try await withServer(options(), handler: echo) { port in
            let client = try RawClient(port: port)
            try client.send(
                "PUT /files/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n"
                    + String(repeating: "x", count: 128) + "\r\n0\r\n\r\n")
            #expect(try await client.readToEnd().status == 413)
        }
    }

    @Test func theirTotalSizeIsLimited() async throws {
        let isHandled = AsyncEvent()
        let handler: HTTPServer.Handler = { request, remote in
            if request.body.count > 100 { await isHandled.wait() }
            return await echo(request, remote)
        }
        try await withServer(options(total: 2000), handler: handler) { port in
            // One that is received, and one that is handled, count.
            let slow = try RawClient(port: port)
            try slow.send(request("PUT", "/files/slow", 900))
            let handled = try RawClient(port: port)
            try handled.send(request("PUT", "/files/handled", 900) + String(repeating: "x", count: 900))
            let refused = try await answered(port, status: 503) { request("PUT", "/files/third", 900) }
            #expect(refused)
            // Small ones always fit.
            let small = try RawClient(port: port)
            try small.send(request("PUT", "/files/small", 3) + "abc")
            #expect(try await small.readToEnd().status == 200)
            slow.reset()
            isHandled.complete()
            #expect(try await handled.readToEnd().status == 200)
            let accepted = try await answered(port, status: 200) {
                request("PUT", "/files/next", 900) + String(repeating: "x", count: 900)
            }
            #expect(accepted)
        }
    }

    @Test func oneClientLeavesRoomForOthers() async throws {
        let isHandled = AsyncEvent()
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
        let handler: HTTPServer.Handler = { request, remote in
            arrived.yield()
            await isHandled.wait()
            return await echo(request, remote)
        }
        var options = options(total: 4000)
        options.clientOfLargeBody = { String($0.path.dropFirst("/files/".count)) }
        try await withServer(options, handler: handler) { port in
            func send(_ name: String) throws -> RawClient {
                let client = try RawClient(port: port)
                try client.send(request("PUT", "/files/\(name)", 1000) + String(repeating: "x", count: 1000))
                return client
            }
            var accepted: [RawClient] = []
            var waiting = arrivals.makeAsyncIterator()
            for name in ["greedy", "greedy", "ann", "bob"] {
                accepted.append(try send(name))
                _ = await waiting.next()
                guard accepted.count == 2 else { continue }
                let third = try await send("greedy").readToEnd()
                #expect(third.status == 503)
                #expect(third.contains("all the room that one client gets"))
            }
            #expect(try await send("eve").readToEnd().contains("Try again in 5 seconds"))
            isHandled.complete()
            for client in accepted { #expect(try await client.readToEnd().status == 200) }
        }
    }

    /// Asks until the answer has this status: the server learns of its other clients in its own time.
    private func answered(_ port: Int, status: Int, _ text: () -> String) async throws -> Bool {
        for _ in 0..<1000 {
            let client = try RawClient(port: port)
            try client.send(text())
            if !text().hasSuffix("x") { client.endOutput() }
            let answer = try? await client.readToEnd()
            if answer?.status == status { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
