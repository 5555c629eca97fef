import JSON
import JSONRPC
import MCP

/// The single path from a request to a sandbox and back, for tools and resources, direct answers and tasks.
///
/// Progress reporting is outermost, then the audit log, then the filters: every result and every line of progress has
/// passed the filters before anything else sees it, including the audit log.
struct CallPipeline: Sendable {
    private let handle: CallHandler

    /// - Parameter filters: see and may change every call, result and line of progress. The first one is the last to
    ///   change what goes out.
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
