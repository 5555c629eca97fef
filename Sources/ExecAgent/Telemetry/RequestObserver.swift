import HTTPServer
import Telemetry
import Threading

/// Counts and traces the requests of the service.
struct RequestObserver: Sendable {
    let telemetry: AgentTelemetry

    /// Answers a request.
    ///
    /// - Parameter answer: answers it; receives what to call with the route's path.
    func observing(
        _ request: HTTPRequest, _ answer: (_ onRoute: @Sendable (String) -> Void) async -> HTTPResponse
    ) async -> HTTPResponse {
        let observed = ObservedRequest(request, telemetry)
        var response = await TraceContext.$current.withValue(observed.trace) {
            await answer { observed.record(route: $0) }
        }
        observed.record(status: response.status)
        // The content of a response to HEAD is never produced.
        if case .stream(let write) = response.body, request.method != "HEAD" {
            response.body = .stream { writer in
                defer { observed.end() }
                try await TraceContext.$current.withValue(observed.trace) { try await write(writer) }
            }
        } else {
            observed.end()
        }
        return response
    }
}

/// A request until its response has ended, or is given up.
private final class ObservedRequest: Sendable {
    private struct State {
        var route = Metric.other
        var status = 0
        var isEnded = false
    }

    private let method: String
    private let telemetry: AgentTelemetry
    private let span: Tracer.Begun
    private let start = ContinuousClock.now
    private let state = Locked(State())

    init(_ request: HTTPRequest, _ telemetry: AgentTelemetry) {
        method = request.method
        self.telemetry = telemetry
        span = telemetry.tracer.begin(
            "HTTP \(AgentMetrics.folded(method: request.method))", .server, parent: TraceContext(of: request))
        telemetry.metrics.beginRequest()
    }

    deinit {
        end()
    }

    var trace: TraceContext? { span.open.context }

    func record(route: String) {
        state.withLock { $0.route = route }
    }

    func record(status: Int) {
        state.withLock { $0.status = status }
    }

    func end() {
        let state = state.withLock { state -> State? in
            defer { state.isEnded = true }
            return state.isEnded ? nil : state
        }
        guard let state else { return }
        let method = AgentMetrics.folded(method: method)
        telemetry.metrics.endRequest(
            state.route, method: method, status: state.status, seconds: start.duration(to: .now) / .seconds(1))
        span.open.rename("\(method) \(state.route)")
        span.open.set("http.request.method", .text(method))
        span.open.set("http.route", .text(state.route))
        span.open.set("http.response.status_code", .number(state.status))
        if state.status >= 500 { span.open.fail("\(state.status)") }
        telemetry.tracer.end(span)
    }
}

extension TraceContext {
    /// Reads the header fields of a request.
    fileprivate init?(of request: HTTPRequest) {
        let parents = request.headers.filter { $0.name == "traceparent" }
        guard parents.count == 1 else { return nil }
        let states = request.headers.filter { $0.name == "tracestate" }.map(\.value)
        self.init(
            traceParent: parents[0].value, traceState: states.isEmpty ? nil : states.joined(separator: ","))
    }
}
