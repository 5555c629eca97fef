import JSON
import OpenAI
import Telemetry
import TestSupport
import Testing

@testable import ExecAgent
@testable import MCPClient

/// What is counted of runs, of requests to the model and of calls.
@Suite(.timeLimit(.minutes(2))) struct ObservedRunnerTests {
    private let telemetry = AgentTelemetry()

    private func run(_ work: @escaping FakeRunner.Work) async throws -> RunResult {
        try await ObservedRunner(runner: FakeRunner(work), telemetry: telemetry, isTool: { $0 == "execute_bash" }).run(
            [], user: nil, model: nil, limits: RunLimits(), parameters: [:], answerer: nil
        ) { _ in }
    }

    private func expect(_ lines: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        let text = "\n" + PrometheusText.text(of: [PrometheusText.Part(telemetry.metrics.snapshots)])
        for line in lines {
            #expect(text.contains("\nexec_agent_\(line)\n"), "\(text)", sourceLocation: sourceLocation)
        }
    }

    @Test func countsRunsByTheirEnd() async throws {
        _ = try await run { _, tell in await FakeRunner.says("hi", tell) }
        _ = try await run { _, tell in await FakeRunner.says("hi", tell, end: .cut) }
        _ = try await run { _, tell in await FakeRunner.says("hi", tell, end: .limit("Stopped.")) }
        await #expect(throws: ModelError.self) {
            try await run { _, _ in throw ModelError(kind: .silent, message: "x") }
        }
        await #expect(throws: CancellationError.self) { try await run { _, _ in throw CancellationError() } }
        expect(
            #"runs_total{outcome="answered"} 1"#, #"runs_total{outcome="cut"} 1"#, #"runs_total{outcome="limit"} 1"#,
            #"runs_total{outcome="failed"} 1"#, #"runs_total{outcome="cancelled"} 1"#, "run_duration_seconds_count 5",
            "runs_in_progress 0")
    }

    @Test func countsTokensAndTools() async throws {
        _ = try await run { _, tell in
            for (name, isError) in [("execute_bash", false), ("execute_bash", true), ("rm -rf /", true)] {
                await tell(
                    .toolEnded(
                        AgentEvent.ToolEnd(
                            callID: "1", name: name, isError: isError, exitCode: nil, duration: 0.2, artifacts: [])))
            }
            await tell(
                .turnEnded(
                    AgentEvent.TurnEnd(turn: 1, usage: TokenUsage(prompt: 30, completion: 4), duration: 1)))
            await tell(.turnEnded(AgentEvent.TurnEnd(turn: 2, usage: nil, duration: 1)))
            return await FakeRunner.says("hi", tell)
        }
        expect(
            #"tokens_total{direction="input"} 30"#, #"tokens_total{direction="output"} 4"#,
            #"tool_calls_total{tool="execute_bash",outcome="ok"} 1"#,
            #"tool_calls_total{tool="execute_bash",outcome="error"} 1"#,
            #"tool_calls_total{tool="other",outcome="error"} 1"#,
            #"tool_call_duration_seconds_bucket{tool="execute_bash",le="0.25"} 2"#)
    }

    @Test func countsQuestionsByTheirAnswers() async throws {
        let outcomes: [QuestionOutcome] = [
            .answered(.accept([:])), .answered(.decline), .answered(.cancel), .expired, .withdrawn,
        ]
        _ = try await run { _, tell in
            let question = ServerQuestion(
                server: "s", callID: "1", elicitation: try Elicitation(["message": "?"], modes: [.form]))
            for outcome in outcomes {
                await tell(.questionAsked(question))
                await tell(.questionClosed(question, outcome))
            }
            await tell(.questionClosed(question, .notAsked("too many")))
            await tell(.questionAsked(question))
            return await FakeRunner.says("hi", tell)
        }
        expect(
            "questions_total 6", "questions_open 1", #"question_answers_total{outcome="accepted"} 1"#,
            #"question_answers_total{outcome="declined"} 1"#, #"question_answers_total{outcome="unanswered"} 3"#,
            #"question_answers_total{outcome="unavailable"} 1"#)
    }

    // MARK: - The model

    private struct FakeModel: ChatModel {
        let failure: ModelError?

        func complete(
            _ request: ChatRequest, onEvent: @escaping @Sendable (ModelEvent) async -> Void
        ) async throws -> ChatCompletion {
            await onEvent(.retrying(reason: "x", seconds: 0))
            if let failure { throw failure }
            return ChatCompletion(message: ChatMessage(role: .assistant, text: "hi"), finishReason: .stop, usage: nil)
        }
    }

    @Test func aModelThatIsNotTheConfiguredOneHasNoNameInMetrics() async throws {
        let telemetry = AgentTelemetry(model: "configured", variables: [:], onProblem: { _ in })
        func ask(_ model: String, _ failure: ModelError? = nil) async throws {
            _ = try await ObservedModel(model: FakeModel(failure: failure), telemetry: telemetry).complete(
                ChatRequest(model: model, messages: [])
            ) { _ in }
        }
        try await ask("configured")
        try await ask("a secret")
        await #expect(throws: ModelError.self) {
            try await ask("configured", ModelError(kind: .rateLimited, message: "x"))
        }
        let text = PrometheusText.text(of: [PrometheusText.Part(telemetry.metrics.snapshots)])
        for line in [
            #"model_requests_total{model="configured",outcome="ok"} 1"#,
            #"model_requests_total{model="configured",outcome="rate_limited"} 1"#,
            #"model_requests_total{model="other",outcome="ok"} 1"#,
            #"model_retries_total{model="configured"} 2"#,
        ] {
            #expect(text.contains("exec_agent_\(line)\n"), "\(line)")
        }
        #expect(!text.contains("secret"))
    }
}
