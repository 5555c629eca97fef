import JSON
import JSONRPC
import MCP

/// The single path from a request to a sandbox and back, for tools and resources, direct answers and tasks.
///
/// Counting and tracing are outermost, then progress reporting, the audit log, and the filters: every result and every
/// line of progress has passed the filters before anything else sees it, including the audit log.
struct CallPipeline: Sendable {
    private let handle: CallHandler
    /// Replaces private data; `nil` if none is replaced.
    let privateData: PrivateDataFilter?

    /// - Parameters:
    ///   - filters: see and may change every call, result and line of progress. The first one is the last to change
    ///     what goes out.
    ///   - privateData: the first of the filters, which also changes the arguments; `nil` for none.
    ///   - telemetry: counts and traces the calls.
    init(
        filters: [any CallInterceptor] = [], privateData: PrivateDataFilter? = nil,
        telemetry: ServerTelemetry = ServerTelemetry()
    ) {
        self.privateData = privateData
        let first: [any CallInterceptor] = privateData.map { [$0] } ?? []
        handle = CallHandler(
            [
                MetricsInterceptor(metrics: telemetry.metrics), TraceInterceptor(tracer: telemetry.tracer),
                ProgressInterceptor(), AuditInterceptor(),
            ] + first + filters)
    }

    /// Runs a call.
    ///
    /// - Returns: the answer to its request.
    func answer(to call: ToolCall) async -> Result<JSONObject, RPCError> {
        await handle(call).answer(for: call.context.revision)
    }
}
