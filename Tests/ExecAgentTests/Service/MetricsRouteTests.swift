import HTTPServer
import JSON
import OpenAI
import TestSupport
import Testing

@testable import ExecAgent

/// `GET /metrics`: who may read it, and what it counts.
@Suite(.timeLimit(.minutes(2))) struct MetricsRouteTests {
    private static let free = "free-0123456789abcdef"
    private static let anns = "ann-0123456789abcdef"
    private static let operators = "root-0123456789abcdef"

    private func options() -> ServiceOptions {
        var options = ServiceOptions()
        options.keys = [Self.free, "ann:\(Self.anns)", "*root:\(Self.operators)"]
        return options
    }

    private func bearer(_ key: String) -> String { "Authorization: Bearer \(key)\r\n" }

    @Test(
        arguments: [
            (nil, 401), ("wrong-0123456789abcdef", 401), (Self.anns, 403), (Self.free, 200), (Self.operators, 200),
        ] as [(String?, Int)])
    func onlyKeysForAllUsersMayRead(key: String?, status: Int) async throws {
        try await ServiceTrial(options: options()).run { trial in
            let answer = try await trial.ask("GET", "/metrics", fields: key.map(bearer) ?? "")
            #expect(answer.status == status)
            #expect(answer.body.contains("exec_agent_build_info") == (status == 200))
        }
    }

    @Test func withoutKeysAnyProgramOfThisMachineMayRead() async throws {
        try await ServiceTrial().run { trial in
            let answer = try await trial.ask("GET", "/metrics")
            #expect(answer.status == 200)
            #expect(answer.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.field("Cache-Control") == "no-store")
            // No page of another origin.
            let foreign = try await trial.ask("GET", "/metrics", fields: "Origin: http://evil.example\r\n")
            #expect(foreign.status == 403)
        }
    }

    @Test func countsRequestsByRouteAndStatusAndNeverByWhatUsersWrite() async throws {
        try await ServiceTrial().run { trial in
            _ = try await trial.chat([["role": "user", "content": "a secret"]])
            _ = try await trial.chat([["role": "user", "content": "a secret"]], ["stream": true])
            _ = try await trial.ask("GET", "/v1/models/secret%20model")
            _ = try await trial.ask("GET", "/secret-path")
            _ = try await trial.ask("BREW", "/secret-path")
            _ = try await trial.ask("GET", "/v1/models", host: "secret.example")
            let text = try await trial.ask("GET", "/metrics").body
            for line in [
                #"exec_agent_http_requests_total{route="/v1/chat/completions",method="POST",status="200"} 2"#,
                #"exec_agent_http_requests_total{route="/v1/models/{model+}",method="GET",status="404"} 1"#,
                #"exec_agent_http_requests_total{route="other",method="GET",status="404"} 1"#,
                #"exec_agent_http_requests_total{route="other",method="other",status="404"} 1"#,
                #"exec_agent_http_requests_total{route="refused",method="GET",status="403"} 1"#,
                #"exec_agent_http_request_duration_seconds_count{route="/v1/chat/completions"} 2"#,
                // This one.
                "exec_agent_http_requests_in_progress 1",
                "exec_agent_queue_wait_seconds_count 2",
            ] {
                #expect(text.contains("\n\(line)\n"), "\(line)")
            }
            #expect(!text.contains("secret"))
        }
    }

    @Test func aClientThatIsGoneLeavesNothingInProgress() async throws {
        let events = Recorder<String>()
        try await ServiceTrial(FakeRunner.waiting(events)).run { trial in
            let client = try trial.send(
                "POST", "/v1/chat/completions",
                ["messages": [["role": "user", "content": "x"]], "model": "m", "stream": true])
            _ = try await events.wait(forCount: 1)
            client.close()
            _ = try await events.wait(forCount: 2)
            // The response ends a little after its run.
            while try await !trial.ask("GET", "/metrics").body.contains("\nexec_agent_http_requests_in_progress 1\n") {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
