import JSON
import JSONRPC
import MCP

/// The headers in which a modern request repeats parts of its message, so that proxies can route it (2026-07-28,
/// basic/transports/streamable-http).
enum RoutingHeaders {
    /// The parameter that names what a method is about.
    private static let names = ["tools/call": "name", "prompts/get": "name", "resources/read": "uri"]

    /// Returns the headers of a request.
    static func headers(of request: Request) -> [HeaderField] {
        var headers = [HeaderField("Mcp-Method", encoded(request.method))]
        if let name = names[request.method].flatMap({ request.params[$0]?.stringValue }) {
            headers.append(HeaderField("Mcp-Name", encoded(name)))
        }
        return headers
    }

    /// Returns a text as the value of a header: in base64 if it could be altered on the way.
    static func encoded(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { 0x20...0x7E ~= $0 } && text.first != " " && text.last != " "
        let isEncoded = text.hasPrefix("=?base64?") && text.hasSuffix("?=")
        return isPlain && !isEncoded ? text : "=?base64?\(Base64.encode(Array(text.utf8)))?="
    }
}
