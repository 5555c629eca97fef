import MCPClient
import MCPClientTestSupport
import TestSupport
import Testing

/// Servers with a URL behind a proxy, which the environment names.
@Suite(.timeLimit(.minutes(3))) struct HTTPProxyTests {
    /// A proxy that answers for the servers behind it, and notes what it is asked for.
    private static let proxy = """
        shown = ("Host", "Proxy-Authorization")
        def answer(h, m):
            note("asked for", h.path)
            if h.command == "CONNECT": return h.give(403)
            usual(h, m)

        """
    /// Refuses every connection.
    private static let nowhere = "http://127.0.0.1:1"

    @Test(arguments: ["http_proxy", "all_proxy", "ALL_PROXY"])
    func aPlainServerIsAskedThroughTheProxy(variable: String) async throws {
        let server = try FakeHTTPServer(Self.proxy)
        let proxy = try await server.origin.replacing("//", with: "//me:secret-word@")
        let client = try await server.start(url: "http://tools.example/mcp", environment: [variable: proxy])
        try await closing(with: client.close) {
            let text = try await client.text("echo")
            #expect(text == "echo")
        }
        let journal = try await server.stopped()
        #expect(journal.contains("asked for http://tools.example/mcp"))
        // "me:secret-word" in base64.
        #expect(
            journal.contains("POST tools/call Host=tools.example Proxy-Authorization=Basic bWU6c2VjcmV0LXdvcmQ="))
    }

    @Test(arguments: ["https_proxy", "HTTPS_PROXY", "all_proxy"])
    func aServerWithTLSIsReachedThroughATunnel(variable: String) async throws {
        let server = try FakeHTTPServer(Self.proxy)
        let proxy = try await server.origin
        let error = await #expect(throws: MCPClientError.self) {
            try await server.start(url: "https://tools.example/mcp", environment: [variable: proxy])
        }
        #expect(error?.description.contains("403") == true, "\(String(describing: error))")
        let journal = try await server.stopped()
        #expect(journal.contains("asked for tools.example:443"))
    }

    @Test(arguments: [
        ["http_proxy": nowhere, "no_proxy": "127.0.0.1"], ["http_proxy": nowhere, "NO_PROXY": "x.example,127.0.0.1"],
        ["all_proxy": nowhere, "no_proxy": "*"],
        // Named for servers with TLS only; in upper case it could come from a request to a CGI program.
        ["https_proxy": nowhere], ["HTTP_PROXY": nowhere],
    ])
    func aServerThatNeedsNoProxyIsAskedDirectly(environment: [String: String]) async throws {
        let server = try FakeHTTPServer()
        let client = try await server.start(environment: environment)
        try await closing(with: client.close) {
            let text = try await client.text("echo")
            #expect(text == "echo")
        }
    }

    @Test func theErrorOfADeadProxyNamesNoCredentials() async throws {
        let server = try FakeHTTPServer()
        let error = await #expect(throws: MCPClientError.self) {
            try await server.start(
                url: "http://tools.example/mcp", environment: ["http_proxy": "http://me:secret-word@127.0.0.1:1"])
        }
        let text = error?.description ?? ""
        #expect(text.contains("http://tools.example cannot be reached"), "\(text)")
        #expect(!text.contains("secret-word"), "\(text)")
    }
}
