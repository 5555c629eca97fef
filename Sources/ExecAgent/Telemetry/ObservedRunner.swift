import JSON
import OpenAI
import Telemetry

/// Counts and traces the runs of an agent.
struct ObservedRunner: AgentRunner {
    let runner: any AgentRunner
    let telemetry: AgentTelemetry
    /// Whether a tool of this name exists.
    let isTool: @Sendable (String) -> Bool

    func run(
        _ conversation: [ChatMessage], user: String?, model: String?, limits: RunLimits, parameters: JSONObject,
        answerer: (any QuestionAnswerer)?, onEvent: @escaping @Sendable (AgentEvent) async -> Void
    ) async throws -> RunResult {
        let metrics = telemetry.metrics
        let start = ContinuousClock.now
        var outcome = AgentMetrics.RunOutcome.failed
        metrics.beginRun()
        defer { metrics.endRun(outcome, seconds: start.duration(to: .now) / .seconds(1)) }
        do {
            let result = try await telemetry.tracer.span("agent run", .internal) { span in
                let result = try await runner.run(
                    conversation, user: user, model: model, limits: limits, parameters: parameters, answerer: answerer
                ) { [isTool] event in
                    metrics.count(event, isTool: isTool)
                    await onEvent(event)
                }
                span.set("exec_agent.run.outcome", .text(result.end.outcome.rawValue))
                return result
            }
            outcome = result.end.outcome
            return result
        } catch {
            if Task.isCancelled || error is CancellationError { outcome = .cancelled }
            throw error
        }
    }
}

extension RunResult.End {
    fileprivate var outcome: AgentMetrics.RunOutcome {
        switch self {
        case .answered: .answered
        case .cut: .cut
        case .limit: .limit
        }
    }
}
