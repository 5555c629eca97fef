import HTTPServer
import MCPServers
import Telemetry

/// `GET /metrics`: the numbers of the service, and those of the exec-mcp servers that run.
struct MetricsRoute: Sendable {
    static let path = "/metrics"

    let metrics: AgentMetrics
    let toolProvider: any ToolProvider
    let users: RequestUsers

    /// - Throws: ``APIRequestError`` with status 403 for a key that belongs to one user: the numbers are about all.
    func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard try users.pageUser(of: request).isOperator else {
            throw APIRequestError(
                403,
                "Metrics are about all users. This needs a key of no user, or an operator's (*USER:KEY in"
                    + " AGENT_API_KEYS).",
                type: "permission_error", code: "operator_only")
        }
        async let servers = toolProvider.serverMetrics()
        let own = metrics.snapshots + [await toolServers]
        let reports = await servers
        let up = MetricSnapshot(
            family: AgentFamilies.serverUp,
            series: reports.map {
                MetricSnapshot.Series(labels: [$0.server], value: .number($0.snapshots == nil ? 0 : 1))
            })
        let text = PrometheusText.text(
            of: [PrometheusText.Part(own + [up])]
                + reports.map { PrometheusText.Part($0.snapshots ?? [], labels: [("server", $0.server)]) })
        return HTTPResponse(
            headers: [HTTPHeader("Content-Type", PrometheusText.mediaType), HTTPHeader("Cache-Control", "no-store")],
            body: .bytes(Array(text.utf8)))
    }

    /// How many tool servers are in which state.
    private var toolServers: MetricSnapshot {
        get async {
            var counts = ["running": 0, "starting": 0, "stopped": 0, "failed": 0]
            for server in await toolProvider.health() where !server.isBridged {
                switch server.state {
                case .running: counts["running", default: 0] += 1
                case .starting: counts["starting", default: 0] += 1
                case .stopped: counts["stopped", default: 0] += 1
                case .failed: counts["failed", default: 0] += 1
                }
            }
            return MetricSnapshot(
                family: AgentFamilies.toolServers,
                series: counts.sorted { $0.key < $1.key }.map {
                    MetricSnapshot.Series(labels: [$0.key], value: .number(Double($0.value)))
                })
        }
    }
}
