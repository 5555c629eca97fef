import Telemetry

/// What an exec-mcp says of its numbers.
struct ServerMetricsReport: Sendable {
    /// The server's name in the configuration.
    let server: String
    /// The numbers; `nil` if it didn't answer in time.
    let snapshots: [MetricSnapshot]?
}
