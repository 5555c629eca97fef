/// Notifies the client of the progress of a call, if its request asked for that.
struct ProgressInterceptor: CallInterceptor {
    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult {
        guard let notifier = call.notifier, let reporter = ProgressReporter(call.context, notifier) else {
            return await next(call)
        }
        return await reporter.reporting { await next(call.reporting(to: $0)) }
    }
}
