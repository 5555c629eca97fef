import HTTPServer
import JSON
import TestSupport
import Testing

@testable import ExecAgent

/// Who is let in.
@Suite(.timeLimit(.minutes(3))) struct AccessPolicyTests {
    private func policy(_ change: (inout ServiceOptions) -> Void = { _ in }) -> AccessPolicy {
        var options = ServiceOptions()
        change(&options)
        return AccessPolicy(options, port: 8000, budgets: RateLimiter(perSecond: 1, atOnce: 1000))
    }

    private func status(_ policy: AccessPolicy, path: String = "/v1/models", _ fields: HTTPHeader...) -> Int? {
        let request = HTTPRequest(method: "GET", path: path, headers: fields)
        return policy.refusal(of: request, from: RemoteAddress(host: "127.0.0.1", port: 1))?.status
    }

    @Test(
        arguments: [
            ("127.0.0.1:8000", nil), ("localhost:8000", nil), ("LOCALHOST:8000", nil), ("[::1]:8000", nil),
            ("127.0.0.1", 403), ("localhost:8001", 403), ("localhost.:8000", 403), ("evil.example:8000", 403),
            ("127.0.0.1.evil.example:8000", 403), ("192.168.1.2:8000", 403), ("0.0.0.0:8000", 403), ("[::]:8000", 403),
            ("127.1:8000", 403), ("2130706433:8000", 403),
        ] as [(String, Int?)])
    func takesItsOwnNamesOnly(host: String, expected: Int?) {
        #expect(status(policy(), HTTPHeader("host", host)) == expected)
    }

    @Test func takesNamesThatItIsTold() {
        let told = policy { $0.hostNames = ["Agent.example"] }
        #expect(status(told, HTTPHeader("host", "agent.example")) == nil)
        #expect(status(told, HTTPHeader("host", "other.example")) == 403)
        let open = policy { ($0.host, $0.keys) = ("0.0.0.0", ["secret"]) }
        let key = HTTPHeader("authorization", "Bearer secret")
        #expect(status(open, HTTPHeader("host", "192.168.1.2:9000"), key) == nil)
        #expect(status(open, HTTPHeader("host", "[fe80::1]:9000"), key) == nil)
        #expect(status(open, HTTPHeader("host", "evil.example:8000"), key) == 403)
        #expect(status(policy()) == 403, "without a host")
    }

    @Test func takesHealthChecksWithoutAHostButNoneOfAPage() {
        #expect(status(policy(), path: "/health") == nil)
        #expect(status(policy(), path: "/health", HTTPHeader("host", "evil.example:8000")) == 403)
        #expect(status(policy(), path: "/health", HTTPHeader("host", "")) == 403)
        #expect(status(policy(), path: "/health", HTTPHeader("origin", "http://localhost:8000")) == 403)
        #expect(status(policy(), path: "/health", HTTPHeader("sec-fetch-site", "cross-site")) == 403)
        #expect(status(policy(), path: "/health/") == 403)
    }

    @Test(
        arguments: [
            ("http://localhost:8000", nil), ("https://localhost:8000", nil), ("http://localhost", 403), ("null", 403),
            ("", 403),
            ("http://evil.example", 403), ("http://localhost:8000.evil.example", 403), ("file://localhost:8000", 403),
            ("http://127.0.0.1:8000", 403), ("http://localhost:3000", 403), ("http://user@localhost:8000", 403),
        ] as [(String, Int?)])
    func takesNoPagesOfOthers(origin: String, expected: Int?) {
        #expect(status(policy(), HTTPHeader("host", "localhost:8000"), HTTPHeader("origin", origin)) == expected)
    }

    @Test func takesNoPicturesInPagesOfOthers() {
        let host = HTTPHeader("host", "localhost:8000")
        for (site, expected) in [("cross-site", 403), ("same-site", 403), ("same-origin", nil), ("none", nil)] {
            #expect(status(policy(), host, HTTPHeader("sec-fetch-site", site)) == expected, "\(site)")
        }
    }

    @Test(
        arguments: [
            ("Bearer first", nil), ("bearer second", nil), ("Bearer  second", nil), ("Bearer third", 401),
            ("Bearer ", 401),
            ("Bearer", 401), ("first", 401), ("Basic first", 401), ("Bearer first,second", 401), ("Bearer First", 401),
            ("", 401),
        ] as [(String, Int?)])
    func asksForAKey(field: String, expected: Int?) {
        let policy = self.policy { $0.keys = ["first", "second"] }
        let host = HTTPHeader("host", "localhost:8000")
        #expect(status(policy, host, HTTPHeader("authorization", field)) == expected)
        #expect(status(policy, host) == 401)
        #expect(status(policy, path: "/health", host) == nil)
        #expect(status(policy, path: "/health/", host) == 401)
    }

    @Test func knowsWhichKeyItIs() {
        let keys = APIKeys(["a", "b", "c"])
        #expect(["a", "b", "c", "d"].map { keys.number(of: "Bearer \($0)") } == [0, 1, 2, nil])
        #expect(keys.number(of: nil) == nil)
        #expect(APIKeys([]).number(of: "Bearer x") == nil)
    }

    @Test func refusesBeforeTheBodyAndInOpenAIsShape() async throws {
        var options = ServiceOptions()
        options.keys = ["secret", ""]
        try await ServiceTrial(options: options).run { trial in
            let client = try RawClient(port: trial.port)
            try client.send(
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:\(trial.port)\r\nContent-Length: 100\r\n\r\n")
            let answer = try await Answer(client.readToEnd())
            #expect(answer.status == 401)
            #expect(answer.error?["code"] == "invalid_api_key")
            #expect(answer.field("WWW-Authenticate") == "Bearer")
            #expect(try await trial.ask("GET", "/v1/models", fields: "Authorization: Bearer \r\n").status == 401)
            #expect(try await trial.say("hi", fields: "Authorization: Bearer secret\r\n").text == "hello")

            let health = try await trial.ask("GET", "/health")
            #expect(health.status == 200)
            #expect(health.json["status"] == "healthy")
            #expect(health.json["servers"] == nil)
            #expect(health.json["service"] == "agent-api")
            #expect(health.json["mcp_server_connected"] == true)
            let moment = try #require(health.json["timestamp"]?.stringValue)
            #expect(moment.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
            let known = try await trial.ask("GET", "/health", fields: "Authorization: Bearer secret\r\n")
            #expect(known.json["servers"] == [["name": "exec-mcp", "state": "running"]])
        }
    }

    @Test func slowsDownWhoAsksTooOften() async throws {
        var options = ServiceOptions()
        (options.requestsPerSecond, options.requestsAtOnce) = (0.01, 3)
        try await ServiceTrial(options: options).run { trial in
            for _ in 0..<3 { #expect(try await trial.ask("GET", "/v1/models").status == 200) }
            let answer = try await trial.ask("GET", "/v1/models")
            #expect(answer.status == 429)
            #expect(answer.error?["code"] == "rate_limit_exceeded")
            #expect(Int(answer.field("Retry-After") ?? "") ?? 0 > 0)
        }
    }

    @Test func countsEachSenderByItself() {
        let budgets = RateLimiter(perSecond: 2, atOnce: 2)
        let now = ContinuousClock.now
        #expect([1, 2, 3].map { _ in budgets.acquire("a", now: now) } == [nil, nil, 1])
        #expect(budgets.acquire("b", now: now) == nil)
        #expect(budgets.acquire("a", now: now + .milliseconds(500)) == nil)
        #expect(budgets.acquire("a", now: now + .milliseconds(501)) == 1)
        #expect(RateLimiter(perSecond: 0, atOnce: 0).acquire("a", now: now) == 3600)
        for number in 0..<25_000 { _ = budgets.acquire("sender \(number)", now: now) }
    }

    @Test func thePageIsLoadedManyTimesInARow() {
        let policy = AccessPolicy(ServiceOptions(), port: 8000, budgets: RateLimiter(perSecond: 0, atOnce: 20))
        let host = HTTPHeader("host", "localhost:8000")
        for _ in 0..<10 {
            let refused = PageAssets.paths.filter { status(policy, path: $0, host) != nil }
            #expect(refused.isEmpty)
        }
        // Its requests for data are counted apart.
        #expect(status(policy, path: "/ui/status", host) == nil)
        let flood = (0..<1000).compactMap { _ in status(policy, path: "/ui/app.js", host) }
        #expect(flood.last == 429)
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "example.test", "127.0.0.1.example.test", "127.0.0.256"])
    func listensToOthersOnlyWithKeys(host: String) async throws {
        var options = ServiceOptions()
        (options.host, options.keys) = (host, [""])
        let error = await #expect(throws: ServiceError.self) {
            try await ServiceTrial(options: options).service.start()
        }
        #expect(error?.description.contains("AGENT_API_KEYS") == true)
    }

    @Test func listensToOthersWithAKey() async throws {
        var options = ServiceOptions()
        (options.host, options.keys) = ("0.0.0.0", ["secret"])
        try await ServiceTrial(options: options).run { trial in
            let refused = try await trial.ask("GET", "/v1/models")
            let taken = try await trial.ask("GET", "/v1/models", fields: "Authorization: Bearer secret\r\n")
            #expect(refused.status == 401)
            #expect(taken.status == 200)
        }
        options.keys = ["with blank"]
        await #expect(throws: ServiceError.self) { try await ServiceTrial(options: options).service.start() }
    }

    @Test func doesNotStayWhenItIsStoppedWhileItStarts() async throws {
        let trial = ServiceTrial()
        await trial.service.stop()
        try await trial.service.run()
    }

    @Test func saysThatItsPortIsTaken() async throws {
        try await ServiceTrial().run { trial in
            var options = ServiceOptions()
            options.port = trial.port
            let other = Service(options: options, runner: FakeRunner(), toolProvider: FakeToolBox(), log: { _ in })
            let error = await #expect(throws: ServiceError.self) { try await other.run() }
            #expect(error?.description.contains("\(trial.port)") == true)
        }
    }
}
