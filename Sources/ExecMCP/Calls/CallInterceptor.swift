/// A stage that every call passes on its way to what does it, and every result on its way back.
protocol CallInterceptor: Sendable {
    /// Handles a call: as a rule hands it to `next`, changed or not, and returns what comes back, changed or not.
    func intercept(_ call: ToolCall, next: CallHandler) async -> CallResult
}

/// The rest of a call's way: the interceptors that are left, then the work.
struct CallHandler: Sendable {
    private let interceptors: ArraySlice<any CallInterceptor>

    init(_ interceptors: [any CallInterceptor]) {
        self.init(interceptors[...])
    }

    private init(_ interceptors: ArraySlice<any CallInterceptor>) {
        self.interceptors = interceptors
    }

    func callAsFunction(_ call: ToolCall) async -> CallResult {
        guard let interceptor = interceptors.first else { return await call.work(call.progress) }
        return await interceptor.intercept(call, next: CallHandler(interceptors.dropFirst()))
    }
}
