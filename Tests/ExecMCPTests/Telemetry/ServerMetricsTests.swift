import ExecCore
import JSON
import Telemetry
import TestSupport
import Testing

@testable import Bridge
@testable import ExecMCP

/// What a server counts, and how a client reads it.
@Suite(.timeLimit(.minutes(2))) struct ServerMetricsTests {
    private let telemetry = ServerTelemetry()
    private let session: SessionHarness

    init() throws {
        // Without an engine: each call of a tool fails.
        session = try SessionHarness(telemetry: telemetry)
    }

    private func expect(_ lines: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        let text = "\n" + telemetry.metrics.text(label: "s")
        for line in lines {
            // Braces with nothing in them: the label that all have.
            let line = line.replacing("{}", with: "{server=\"s\"}")
                .replacing(/\{(?!server)/, with: "{server=\"s\",")
            #expect(text.contains("\nexec_mcp_\(line)\n"), "\(text)", sourceLocation: sourceLocation)
        }
    }

    @Test func requestsAreCountedByMethodsThatExist() async throws {
        try await session.initialize("2025-11-25")
        _ = try await session.answer("tools/list")
        _ = try await session.answer("tools/list", ["cursor": "nonsense"])
        _ = try await session.answer("secret/method")
        expect(
            #"requests_total{method="initialize",outcome="ok"} 1"#,
            #"requests_total{method="tools/list",outcome="ok"} 1"#,
            #"requests_total{method="other",outcome="error"} 1"#)
        #expect(!telemetry.metrics.text(label: "s").contains("secret"))
    }

    @Test func callsAreCountedByToolsThatExist() async throws {
        for (name, command) in [("execute_bash", "secret"), ("secret", "ls")] {
            _ = try await session.answer(
                "tools/call",
                SessionHarness.modern(["name": .string(name), "arguments": ["command": .string(command)]]))
        }
        expect(
            #"tool_calls_total{tool="execute_bash",outcome="error"} 1"#,
            #"tool_call_duration_seconds_count{tool="execute_bash"} 1"#, #"tool_calls_in_progress{} 0"#)
        // A tool that doesn't exist is an error of the request, and no call.
        let text = telemetry.metrics.text(label: "s")
        #expect(!text.contains("secret"))
        #expect(!text.contains("tool=\"other\""))
    }

    @Test func aClientReadsTheSame() async throws {
        _ = try await session.answer("tools/list", SessionHarness.modern())
        let answer = try await session.answer("exec-mcp/metrics/read", SessionHarness.modern())
        let read = MetricsDocument.snapshots(in: answer["result"]?["families"], of: ServerFamilies.all)
        #expect(read.map(\.family) == ServerFamilies.all)
        let requests = read.first { $0.family == ServerFamilies.requests }
        // Its own request isn't answered yet.
        #expect(
            requests?.series == [MetricSnapshot.Series(labels: ["tools/list", "ok"], value: .number(1))])
    }

    @Test func whatHappensToSandboxesIsCounted() {
        let events: [SandboxEvent] = [
            .count(2), .cameUp(.new, seconds: 0.3), .cameUp(.resumed, seconds: 0.01), .failedToStart, .ended(.idle),
            .queued, .dequeued(seconds: 2), .queued, .connection(.opened), .connection(.denied),
            .transferred(.sent, bytes: 100), .transferred(.received, bytes: 5000),
        ]
        events.forEach(telemetry.metrics.receive)
        expect(
            "sandboxes{} 2", #"sandboxes_started_total{kind="new"} 1"#, "sandbox_start_failures_total{} 1",
            #"sandboxes_ended_total{reason="idle"} 1"#, #"sandboxes_ended_total{reason="lost"} 0"#,
            #"sandbox_start_duration_seconds_bucket{kind="new",le="0.25"} 0"#,
            #"sandbox_start_duration_seconds_bucket{kind="new",le="0.5"} 1"#, "queue_length{} 1",
            "queue_wait_seconds_sum{} 2", #"egress_connections_total{outcome="denied"} 1"#,
            #"egress_bytes_total{direction="received"} 5000"#)
        telemetry.metrics.end()
        expect("sandboxes{} 0", "queue_length{} 0", "running{} 0")
    }

    @Test func callsOfOtherServersToolsAreCountedByServersThatExist() {
        telemetry.metrics.know(servers: ["shop"])
        let ends: [(String, NestedCall.Outcome)] = [("shop", .ok), ("shop", .denied), ("secret", .error)]
        for (server, outcome) in ends {
            var call = NestedCall(
                time: 0, sandbox: "box", command: 1, server: server, tool: "secret", arguments: [:], argumentBytes: 2)
            call.outcome = outcome
            telemetry.bridgeObserver.onEnd(call)
        }
        expect(
            #"bridge_calls_total{mcp_server="shop",outcome="ok"} 1"#,
            #"bridge_calls_total{mcp_server="shop",outcome="denied"} 1"#,
            #"bridge_calls_total{mcp_server="other",outcome="error"} 1"#,
            #"bridge_call_duration_seconds_count{mcp_server="shop"} 2"#)
        #expect(!telemetry.metrics.text(label: "s").contains("secret"))
    }

    private struct Person: UserInteraction {
        let answer: UserAnswer

        func ask(_ question: UserQuestion) async -> UserAnswer { answer }
    }

    @Test(
        arguments: [
            (.accept(["decision": "once"]), "accepted"), (.accept(["decision": "deny"]), "declined"),
            (.accept([:]), "accepted"), (.decline, "declined"), (.cancel, "unanswered"),
            (.unavailable("x"), "unavailable"), (.failed("x"), "unavailable"),
        ] as [(UserAnswer, String)])
    func questionsAreCountedByTheirAnswers(answer: UserAnswer, outcome: String) async {
        let person = CountedInteraction(inner: Person(answer: answer), metrics: telemetry.metrics)
        let question = UserQuestion(message: "secret", request: .form(schema: [:]))
        #expect(await person.ask(question) == answer)
        expect("questions_total{} 1", "questions_open{} 0", #"question_answers_total{outcome="\#(outcome)"} 1"#)
    }
}
