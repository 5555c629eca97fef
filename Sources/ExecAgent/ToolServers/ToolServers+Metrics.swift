import JSON
import MCP
import MCPClient
import MCPServers
import Telemetry

extension ToolServers {
    /// How long a server may take to say its numbers, in seconds. A scrape takes ten at most by default.
    private static let metricsSeconds = 2.0

    func serverMetrics() async -> [ServerMetricsReport] {
        await withTaskGroup(of: ServerMetricsReport?.self) { group in
            // Nothing is started for it.
            for server in self.group.servers where server.isRunning {
                group.addTask { await Self.metrics(of: server) }
            }
            return await group.reduce(into: [ServerMetricsReport]()) { if let report = $1 { $0.append(report) } }
                .sorted { $0.server < $1.server }
        }
    }

    /// Returns the numbers of a server; `nil` if it offers none.
    private static func metrics(of server: ToolServer) async -> ServerMetricsReport? {
        do {
            let snapshots = try await server.use(again: false) { (client) throws(MCPClientError) -> [MetricSnapshot]? in
                guard client.server.settings(ofExtension: SandboxMethod.metricsExtension) != nil else { return nil }
                let result = try await client.fetch(
                    SandboxMethod.readMetrics.rawValue, JSONObject(), timeLimit: metricsSeconds)
                return MetricsDocument.snapshots(in: result.members["families"], of: ServerFamilies.all)
            }
            return snapshots.map { ServerMetricsReport(server: server.name, snapshots: $0) }
        } catch {
            return ServerMetricsReport(server: server.name, snapshots: nil)
        }
    }
}
