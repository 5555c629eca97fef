/// A stage of the call pipeline: sees every call before the work and every result after it.
protocol CallInterceptor: Sendable {
    /// Handles a call. Usually passes it to `next` and returns the result; may change either.
    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult
}

/// The rest of the pipeline: the remaining interceptors, then the work.
struct CallHandler: Sendable {
    private let interceptors: ArraySlice<any CallInterceptor>

    init(_ interceptors: [any CallInterceptor]) {
        self.init(interceptors[...])
    }

    private init(_ interceptors: ArraySlice<any CallInterceptor>) {
        self.interceptors = interceptors
    }

    func callAsFunction(_ call: ToolCall) async -> CallResult {
        guard let interceptor = interceptors.first else { return await call.work(call.progress, call.interaction) }
        return await interceptor.intercept(call, next: CallHandler(interceptors.dropFirst()))
    }
}
