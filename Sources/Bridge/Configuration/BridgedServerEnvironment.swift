import MCPServers

/// The environment of a server: what programs need in order to work, and what the server's entry declares. Everything
/// else in this process's environment, such as a host's keys, is kept from it.
public enum BridgedServerEnvironment {
    /// Set in the environment of servers. A server that starts exec-mcp with servers of its own would go on forever.
    public static let depthVariable = "EXEC_MCP_BRIDGE_DEPTH"

    private static let names: Set<String> = [
        "HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "LANGUAGE", "TMPDIR", "TZ",
        "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY",
    ]
    private static let prefixes = ["XDG_", "LC_"]
    /// Where the certificates to trust are: paths, without which programs behind a proxy that reads TLS reach nothing.
    private static let certificates: Set<String> = [
        "AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "DENO_CERT", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "PIP_CERT",
        "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE",
    ]

    /// Returns the complete environment of a server.
    static func variables(for entry: ToolServerEntry, from ours: [String: String]) -> [String: String] {
        var variables = ours.filter { variable in
            let name = variable.key
            return names.contains(name) || (name == name.lowercased() && names.contains(name.uppercased()))
                || prefixes.contains { name.hasPrefix($0) } || certificates.contains(name)
        }
        variables[depthVariable] = "1"
        return variables.merging(entry.environment) { $1 }
    }
}
