/// Records the outcome of each call.
struct AuditInterceptor: CallInterceptor {
    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
        let result = await next(call)
        await call.audit.record(AuditOutcome(result), asTask: call.taskID)
        return result
    }
}
