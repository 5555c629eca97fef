public import JSON
public import Telemetry

extension JSONObject {
    /// Adds a trace's context to a request's `_meta`, under the names that MCP reserves for it (2026-07-28,
    /// basic/index).
    public mutating func add(_ trace: TraceContext?) {
        guard let trace else { return }
        self[MetaKey.traceParent] = .string(trace.traceParent)
        if !trace.traceState.isEmpty { self[MetaKey.traceState] = .string(trace.traceState) }
    }
}
