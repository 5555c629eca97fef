import OpenAI
import Telemetry

/// Counts and traces the requests to a model.
struct ObservedModel: ChatModel {
    let model: any ChatModel
    let telemetry: AgentTelemetry

    func complete(
        _ request: ChatRequest, onEvent: @escaping @Sendable (ModelEvent) async -> Void
    ) async throws -> ChatCompletion {
        let metrics = telemetry.metrics
        let start = ContinuousClock.now
        var outcome = "failed"
        defer {
            metrics.countModelRequest(
                request.model, outcome: outcome, seconds: start.duration(to: .now) / .seconds(1))
        }
        do {
            let completion = try await telemetry.tracer.span("chat", .client) { span in
                span.set("gen_ai.operation.name", .text("chat"))
                // Clients of a service may name any model.
                span.set("gen_ai.request.model", .text(metrics.folded(model: request.model)))
                let completion = try await model.complete(request) { event in
                    if case .retrying = event { metrics.countModelRetry(request.model) }
                    await onEvent(event)
                }
                if let usage = completion.usage {
                    span.set("gen_ai.usage.input_tokens", .number(usage.prompt))
                    span.set("gen_ai.usage.output_tokens", .number(usage.completion))
                }
                return completion
            }
            outcome = "ok"
            return completion
        } catch {
            if Task.isCancelled || error is CancellationError {
                outcome = "cancelled"
            } else if let error = error as? ModelError {
                outcome = error.kind.label
            }
            throw error
        }
    }
}

extension ModelError.Kind {
    /// Its name for programs.
    fileprivate var label: String {
        switch self {
        case .unreachable: "unreachable"
        case .unauthorized: "unauthorized"
        case .notFound: "not_found"
        case .contextTooLong: "context_too_long"
        case .rateLimited: "rate_limited"
        case .refused: "refused"
        case .unavailable: "unavailable"
        case .malformed: "malformed"
        case .silent: "silent"
        }
    }
}
