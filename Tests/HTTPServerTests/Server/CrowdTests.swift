import HTTPServer
import TestSupport
import Testing
import Threading

/// Connections that take places and ask nothing.
@Suite(.timeLimit(.minutes(3))) struct CrowdTests {
    /// What a connection that shows no key sends, and leaves at that.
    static let beginnings = [
        "", "G", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx",
    ]

    private static func options(_ change: (inout HTTPLimits) -> Void) -> HTTPServerOptions {
        // On a busy machine nothing goes for its age but what a test means.
        var options = limits {
            ($0.headSeconds, $0.bodySeconds, $0.idleSeconds, $0.sendSeconds) = (600, 600, 600, 600)
            change(&$0)
        }
        options.isKnown = { $0.header("authorization") != nil }
        return options
    }

    private static let key = "Authorization: Bearer x\r\n"

    @Test func oneAddressHoldsAQuarterAtMostAndLessWithoutAKey() {
        let limits = HTTPLimits()
        #expect(limits.connectionsPerAddress * 4 <= limits.connections)
        #expect(limits.unknownConnectionsPerAddress < limits.connectionsPerAddress)
    }

    @Test(arguments: beginnings) func whoShowsAKeyIsServedThoughItsAddressIsFull(beginning: String) async throws {
        try await withServer(Self.options { $0.connectionsPerAddress = 8 }, handler: echo) { port in
            var crowd: [RawClient] = []
            for _ in 0..<40 {
                crowd.append(try RawClient(port: port))
                try? crowd.last?.send(beginning)
            }
            for _ in 0..<8 {
                let client = try RawClient(port: port)
                try client.send(get("/", Self.key + last))
                #expect(try await client.readToEnd().status == 200)
            }
            withExtendedLifetime(crowd) {}
        }
    }

    @Test(arguments: beginnings) func whoShowsAKeyIsServedThoughAllPlacesAreTaken(beginning: String) async throws {
        let change: (inout HTTPLimits) -> Void = { ($0.connections, $0.connectionsPerAddress) = (8, 100) }
        try await withServer(Self.options(change), handler: echo) { port in
            var crowd: [RawClient] = []
            for _ in 0..<40 {
                crowd.append(try RawClient(port: port))
                try? crowd.last?.send(beginning)
            }
            for _ in 0..<8 {
                let client = try RawClient(port: port)
                try client.send(get("/", Self.key + last))
                #expect(try await client.readToEnd().status == 200)
            }
            withExtendedLifetime(crowd) {}
        }
    }

    @Test func theOldestGoesFirst() async throws {
        try await withServer(Self.options { $0.connectionsPerAddress = 3 }, handler: echo) { port in
            let crowd = try (0..<3).map { _ in try RawClient(port: port) }
            for client in crowd { try client.send("GET / HTTP/1.1\r\n") }
            let next = try RawClient(port: port)
            try next.send(get("/", Self.key))
            try await next.read(through: "GET / \n")
            #expect(try await crowd[0].isEnded())
            // The others may still say what they want.
            for client in crowd.dropFirst() {
                try client.send("Host: a\r\n\(Self.key)\r\n")
                try await client.read(through: "GET / \n")
            }
        }
    }

    @Test func whoIsKnownOrAnsweredDoesNotGo() async throws {
        let started = Recorder<Void>()
        let (signals, signal) = AsyncStream<Void>.makeStream()
        let handler: HTTPServer.Handler = { request, remote in
            if request.path == "/slow" {
                started.record(())
                for await _ in signals { break }
            }
            return await echo(request, remote)
        }
        try await withServer(Self.options { $0.connectionsPerAddress = 2 }, handler: handler) { port in
            let known = try RawClient(port: port)
            try known.send(get("/", Self.key))
            try await known.read(through: "GET / \n")
            let slow = try RawClient(port: port)
            try slow.send(get("/slow"))
            try await started.wait(forCount: 1)
            #expect(try await RawClient(port: port).readToEnd().status == 503)
            signal.yield()
            try await slow.read(through: "GET /slow \n")
            // It has its answer, and has not shown who it is.
            let next = try RawClient(port: port)
            try next.send(get("/", Self.key))
            try await next.read(through: "GET / \n")
            #expect(try await slow.isEnded())
            try known.send(get("/again", last))
            #expect(try await known.readToEnd().hasSuffix("GET /again \n"))
        }
    }

    @Test func whoTakesLongToSayWhoItIsHoldsFewPlaces() async throws {
        let change: (inout HTTPLimits) -> Void = { $0.unknownConnectionsPerAddress = 2 }
        try await withServer(Self.options(change), handler: echo) { port in
            let crowd = try (0..<5).map { _ in try RawClient(port: port) }
            let known = try RawClient(port: port)
            try known.send(get("/", Self.key))
            try await known.read(through: "GET / \n")
            for client in crowd.prefix(3) { #expect(try await client.isEnded()) }
            for client in crowd.suffix(2) {
                try client.send(get("/", last))
                #expect(try await client.readToEnd().status == 200)
            }
            try known.send(get("/", last))
            #expect(try await known.readToEnd().status == 200)
        }
    }

    @Test func aBurstOfRequestsIsServedWhole() async throws {
        try await withServer(Self.options { $0.connectionsPerAddress = 100 }, handler: echo) { port in
            // All come before any says what it wants, as clients do that ask many things at once.
            let burst = try (0..<100).map { _ in try RawClient(port: port) }
            for client in burst { try client.send(get("/", Self.key)) }
            for client in burst { try await client.read(through: "GET / \n") }
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::ffff:10.1.2.3", "10.1.2.3"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"),
        ("2001:db8:1:2::9", "2001:db8:1:2"), ("::1", "0:0:0:0"), ("fe80::1%eth0", "fe80:0:0:0"),
        ("unknown", "unknown"),
    ])
    func halfAnAddressOfIPv6IsOneSender(host: String, network: String) {
        #expect(RemoteAddress(host: host, port: 1).network == network)
    }
}
