import JSON
import JSONRPC
import MCP
import Telemetry

/// `exec-mcp/metrics/read`: the numbers of this server, which name no user and nothing that a user wrote.
struct ReadMetricsMethod: Method {
    let name = SandboxMethod.readMetrics.rawValue
    let metrics: ServerMetrics

    func answer(_ request: Request, _ context: RequestContext) throws(RPCError) -> MethodReply {
        .deferred(holding: 0) { [metrics] _ in
            let members: JSONObject = ["families": MetricsDocument.json(of: metrics.snapshots)]
            return members.asResult(for: context.revision, from: ServerIdentity.implementation)
        }
    }
}
