import Telemetry

/// What counts and traces the work of the agent.
struct AgentTelemetry: Sendable {
    let metrics: AgentMetrics
    let tracer: Tracer

    /// Numbers that nobody may ever ask for, and no traces.
    init() {
        metrics = AgentMetrics()
        tracer = .off
    }

    /// - Parameters:
    ///   - model: the configured model.
    ///   - variables: this process's environment, which says where traces are exported to.
    ///   - onProblem: called with what can't be used of it, as a sentence without its full stop.
    init(model: String, variables: [String: String], onProblem: @escaping @Sendable (String) -> Void) {
        let metrics = AgentMetrics(model: model)
        self.metrics = metrics
        let found = TraceExportSettings(
            variables: variables, program: "exec-agent", version: AgentHelp.version, onProblem: onProblem)
        guard let settings = found, let send = Self.send(to: settings) else {
            if found != nil { onProblem("traces are exported over http only here: none are") }
            tracer = .off
            return
        }
        tracer = Tracer(
            SpanExporter(resource: settings.resource, send: send, onOutcome: { metrics.countSpans($0, $1) }))
    }

    /// Returns what sends documents; `nil` if this system offers no way that blocks.
    private static func send(to settings: TraceExportSettings) -> SpanExporter.Send? {
        guard settings.url.isSecure else { return { CollectorClient.post($0, to: settings) } }
        #if canImport(Glibc)
            return { CurlCollector.post($0, to: settings) }
        #else
            return nil
        #endif
    }
}
