import JSON
import JSONRPC
import MCP

/// The one way from a request to a sandbox and back, for tools and resources, direct answers and tasks.
///
/// Outermost is what tells the client of progress, then the audit log, then the filters: what a result says, and each line
/// of progress, has passed the filters before anybody hears of it, the audit log included.
struct CallPipeline: Sendable {
    private let handle: CallHandler

    /// - Parameter filters: see and may change every call, result and line of progress; the first one has the last word on
    ///   what goes out.
    init(filters: [any CallInterceptor] = []) {
        handle = CallHandler([ProgressInterceptor(), AuditInterceptor()] + filters)
    }

    /// Runs a call.
    ///
    /// - Returns: the answer to its request.
    func answer(to call: ToolCall) async -> Result<JSONObject, RPCError> {
        await handle(call).answer(for: call.context.revision)
    }
}
