import OpenAI
import Testing

@testable import ExecAgent

@Suite struct ProxySettingTests {
    /// A connection that fails, or brings what a proxy says.
    private struct BrokenTransport: Transport {
        let host = "localhost"
        var error: TransportError?
        var status = 502

        func post(_ body: [UInt8]) -> AsyncThrowingStream<TransportEvent, any Error> {
            AsyncThrowingStream { continuation in
                if error == nil { continuation.yield(.head(UpstreamResponseHead(status: status))) }
                continuation.finish(throwing: error)
            }
        }
    }

    @Test(
        arguments: [
            (BrokenTransport(error: .refused), "does not accept connections"),
            (BrokenTransport(error: .unconnected(seconds: 30)), "within 30 seconds"),
            (BrokenTransport(error: .proxy("it said no", mayPass: false)), "it said no"),
            (BrokenTransport(error: .lost), "was lost"), (BrokenTransport(status: 502), "502"),
            (BrokenTransport(status: 403), "this key"), (BrokenTransport(status: 407), "407"),
        ])
    private func aFailureBehindAProxyNamesIt(transport: BrokenTransport, part: String) async {
        var options = EndpointOptions()
        options.retries = 0
        for (hasProxy, variables) in [(true, ["http_proxy": "http://u:s@127.0.0.1:9"]), (false, [:])] {
            options.proxy = ProxySetting(for: "http://localhost:1/v1", in: variables)
            let endpoint = Endpoint(options, transport: transport) { _ in }
            let error = await #expect(throws: ModelError.self) {
                try await endpoint.complete(ChatRequest(model: "m", messages: [])) { _ in }
            }
            let message = error?.message ?? ""
            #expect(
                message.contains("http_proxy names the proxy http://127.0.0.1:9: check it") == hasProxy, "\(message)")
            #expect(message.contains("no_proxy=localhost") == hasProxy)
            if hasProxy { #expect(message.contains(part), "\(message)") }
        }
    }

    @Test(
        arguments: [
            ("http://localhost:11434/v1", ["http_proxy": "http://p:3128"], "http_proxy http://p:3128"),
            ("http://h/v1", ["HTTP_PROXY": "http://p:3128"], nil),
            ("https://h/v1", ["HTTPS_PROXY": "p:1", "https_proxy": ""], "HTTPS_PROXY p:1"),
            ("https://h/v1", ["http_proxy": "http://p"], nil), ("http://h", ["https_proxy": "http://p"], nil),
            ("http://h", ["ALL_PROXY": "socks5h://u:s@p:9/x"], "ALL_PROXY socks5h://p:9"),
            ("http://h", ["all_proxy": "http://a", "http_proxy": "http://b"], "http_proxy http://b"),
            ("http://h:1/v1", ["http_proxy": "http://p", "no_proxy": "x, h"], nil),
            ("http://a.b.c", ["http_proxy": "http://p", "NO_PROXY": ".b.c"], nil),
            ("http://ab.c", ["http_proxy": "http://p", "NO_PROXY": "b.c"], "http_proxy http://p"),
            ("http://h", ["http_proxy": "http://p", "no_proxy": "*"], nil),
            ("http://10.0.0.1", ["http_proxy": "http://p", "no_proxy": "10.0.0.0/8"], nil),
            ("http://[::1]:1/v1", ["http_proxy": "http://p", "no_proxy": "[::1]"], nil),
            ("http://h:8080/v1", ["http_proxy": "http://p", "no_proxy": "x,h:8080"], nil),
            ("http://h:8080/v1", ["http_proxy": "http://p", "no_proxy": "h:81"], "http_proxy http://p"),
            ("https://a.b/v1", ["https_proxy": "http://p", "no_proxy": ".b:443"], nil),
            ("http://a.b/v1", ["http_proxy": "http://p", "no_proxy": "a.b:443"], "http_proxy http://p"),
            ("http://[::1]:1/v1", ["http_proxy": "http://p", "no_proxy": "[::1]:1"], nil),
            ("http://[::1]:1/v1", ["http_proxy": "http://p", "no_proxy": "[::1]:2"], "http_proxy http://p"),
            ("http://[::1]:1/v1", ["http_proxy": "http://p", "no_proxy": "::1"], nil),
            ("http://h", [:], nil), ("", ["http_proxy": "http://p"], nil),
        ] as [(String, [String: String], String?)])
    func findsTheProxyOfAnAddress(url: String, variables: [String: String], found: String?) {
        #expect(ProxySetting(for: url, in: variables).map { "\($0.variable) \($0.address)" } == found)
    }

    @Test(arguments: [
        ("localhost:11434", true), ("127.0.0.1", true), ("[::1]:1", true), ("192.168.1.2", true), ("10.1.1.1", true),
        ("172.20.0.1", true), ("ollama", true), ("box.local", true), ("host.docker.internal", true),
        ("api.openai.com", false), ("8.8.8.8", false), ("172.32.0.1", false), ("[2001:db8::1]", false),
    ])
    func aModelNearbyWantsNoProxy(host: String, isNear: Bool) throws {
        let setting = try #require(ProxySetting(for: "http://\(host)/v1", in: ["http_proxy": "http://u:s@p:3128"]))
        #expect(setting.isNear == isNear)
        #expect(setting.advice.contains("http_proxy names the proxy http://p:3128"))
        #expect(setting.advice.contains("no_proxy=\(setting.host)") == isNear)
    }

    @Test(arguments: [
        ("http://h:8080/v1", "h:8080", true), ("http://h:8080/v1", "x, .h:8080", true), ("http://h/v1", "h:80", true),
        ("https://h/v1", "H:443", true), ("http://[::1]:1/v1", "[::1]:1", true), ("http://h:8080/v1", "h", false),
        ("http://h:8080/v1", "h:81", false), ("http://h:8080/v1", "i:8080", false), ("http://[::1]:1/v1", "::1", false),
        ("http://h:8080/v1", "", false), ("http://h:8080/v1", "h:", false),
    ])
    func anEntryWithAPortExemptsWhatLibcurlWouldNot(url: String, exceptions: String, isExempt: Bool) {
        #expect(ProxySetting.isExempt(url, in: ["no_proxy": exceptions]) == isExempt)
    }
}
