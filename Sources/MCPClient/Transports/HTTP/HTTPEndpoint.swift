/// An MCP server that is reached by a URL (Streamable HTTP), and what its requests carry.
///
/// Requests are made by `curl`, one process each: this program needs no TLS of its own.
public struct HTTPEndpoint: Sendable, Equatable {
    /// The URL, `http` or `https`. See ``fault(in:)``.
    public var url: String
    /// Additional headers of each request, by name. See ``fault(inHeader:value:)``.
    public var headers: [String: String]
    /// The complete environment of `curl`: proxies, certificates. `PATH` says where it is.
    public var environment: [String: String]
    /// Texts to redact in the server's errors, by the label that replaces each. Texts of fewer than 8 bytes are not
    /// redacted.
    public var secrets: [String: String]

    /// Headers that the protocol or the connection determines.
    private static let reserved: Set<String> = [
        "accept", "connection", "content-length", "content-type", "expect", "last-event-id", "mcp-method", "mcp-name",
        "mcp-protocol-version", "mcp-session-id", "te", "trailer", "transfer-encoding", "upgrade",
    ]
    private static let maxHeaderBytes = 16 * 1024

    /// An endpoint.
    public init(
        url: String, headers: [String: String] = [:], environment: [String: String], secrets: [String: String] = [:]
    ) {
        self.url = url
        self.headers = headers
        self.environment = environment
        self.secrets = secrets
    }

    /// Returns why a URL can't be used, as the end of a sentence that starts with its name; `nil` if it can.
    public static func fault(in url: String) -> String? {
        EndpointURL(url) == nil ? "must be a valid URL that starts with http:// or https://" : nil
    }

    /// Returns why a header can't be sent, as the end of a sentence that starts with its name; `nil` if it can.
    public static func fault(inHeader name: String, value: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= 256, name.utf8.allSatisfy({ HeaderField.isToken($0) }) else {
            return "is not a valid name of a header"
        }
        guard !reserved.contains(name.lowercased()), !name.lowercased().hasPrefix("mcp-param-") else {
            return "cannot be set: the protocol determines it"
        }
        guard value.utf8.count <= maxHeaderBytes else { return "has more than \(maxHeaderBytes) bytes" }
        return value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            ? nil : "has a line break or another control character in its value"
    }
}
