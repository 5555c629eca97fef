import MCP

/// Counts each call, how it ended and how long it took, and the questions that it asks.
struct MetricsInterceptor: CallInterceptor {
    let metrics: ServerMetrics

    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
        let start = ContinuousClock.now
        metrics.beginCall()
        let result = await next(call.asking(call.interaction.map { CountedInteraction(inner: $0, metrics: metrics) }))
        let outcome: AuditOutcome.Kind = Task.isCancelled ? .cancelled : result.kind
        metrics.endCall(of: call.name, outcome, seconds: start.duration(to: .now) / .seconds(1))
        return result
    }
}
