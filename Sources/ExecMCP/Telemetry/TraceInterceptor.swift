import MCP
import Telemetry

/// Does each call in a span, whose parent the request names.
struct TraceInterceptor: CallInterceptor {
    let tracer: Tracer

    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
        let isMethod = call.name.contains("/")
        return await tracer.span(
            isMethod ? call.name : "tools/call \(call.name)", .server, parent: call.context.trace
        ) { span in
            span.set("mcp.method.name", .text(isMethod ? call.name : "tools/call"))
            if !isMethod { span.set("gen_ai.tool.name", .text(call.name)) }
            span.set("mcp.protocol.version", .text(call.context.revision.rawValue))
            let result = await next(call)
            let outcome: AuditOutcome.Kind = Task.isCancelled ? .cancelled : result.kind
            if outcome != .ok { span.fail(outcome.rawValue) }
            return result
        }
    }
}
