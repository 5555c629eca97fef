import Testing

@testable import ExecAgent

@Suite struct RequestTemplateTests {
    private func template(_ baseURL: String) throws -> RequestTemplate {
        var options = EndpointOptions()
        options.baseURL = baseURL
        return try RequestTemplate(options)
    }

    @Test(arguments: [
        ("https://api.example/v1", "https://api.example/v1/chat/completions", "api.example"),
        ("https://api.example/v1//", "https://api.example/v1/chat/completions", "api.example"),
        ("HTTP://Localhost:8080", "http://Localhost:8080/chat/completions", "Localhost"),
        ("http://localhost:/v1", "http://localhost:/v1/chat/completions", "localhost"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions", "::1"),
        ("http://[fe80::1]", "http://[fe80::1]/chat/completions", "fe80::1"),
        ("http://model_1.internal/v1", "http://model_1.internal/v1/chat/completions", "model_1.internal"),
        (
            "https://x.example/deployments/my%20one?api-version=1&x=a/b",
            "https://x.example/deployments/my%20one/chat/completions?api-version=1&x=a/b", "x.example"
        ),
        ("https://x.example?key=1", "https://x.example/chat/completions?key=1", "x.example"),
        ("https://x.example/a b/ü", "https://x.example/a%20b/%C3%BC/chat/completions", "x.example"),
        ("https://x.example/@home:1", "https://x.example/@home:1/chat/completions", "x.example"),
    ])
    func putsTheChatCompletionsBelowTheAddress(baseURL: String, url: String, host: String) throws {
        let template = try template(baseURL)
        #expect(template.url == url)
        #expect(template.host == host)
    }

    @Test(arguments: [
        "http://h:0/v1", "http://h:65536/v1", "http://h:80a/v1", "http://h:-1", "http://h:99999999999999999999",
        "http://[::1/v1", "http://[::1]x/v1", "http://[localhost]/v1", "http://[]/v1", "http://:80/v1",
        "http://a%20b/v1", "http://a\\b/v1", "http://h/v1\n", "http://h/\u{7F}", "http://h\t/", "http://h/v1#part",
        "http://h#@elsewhere/", "http://me@h/v1", "http://:@h/v1", "http://bücher.example/v1", "//h/v1", "://h",
        "file:///etc/passwd", "http:/h/v1", "unix://h",
    ])
    func refusesWhatIsNoAddress(baseURL: String) {
        #expect {
            try template(baseURL)
        } throws: { error in
            (error as? ModelError)?.kind == .refused && "\(error)".contains("OPENAI_BASE_URL")
        }
    }
}
