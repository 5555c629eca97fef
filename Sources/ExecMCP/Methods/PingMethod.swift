import JSON
import JSONRPC
import MCP

/// `ping`: answered immediately, even before the handshake. The modern revision doesn't have it.
struct PingMethod: Method {
    let name = "ping"
    let era = MethodEra.legacy

    func answer(_ request: Request, _ context: RequestContext) -> MethodReply { .immediate([:]) }
}
