import Testing

@testable import MCPClient

@Suite struct EndpointURLTests {
    @Test(arguments: [
        ("http://h", "http://h/", "http://h"), ("HTTPS://Host:443/A?b#c", "https://host/A?b", "https://host"),
        ("http://h:80?x", "http://h/?x", "http://h"), ("https://h:80/", "https://h:80/", "https://h:80"),
        ("http://me:p%40w@h:8080/x", "http://me:p%40w@h:8080/x", "http://h:8080"),
        ("http://[::1]:8/a", "http://[::1]:8/a", "http://[::1]:8"), ("http://[::1]", "http://[::1]/", "http://[::1]"),
        ("http://h/a@b:c/d", "http://h/a@b:c/d", "http://h"), ("http://a@b@h/", "http://a@b@h/", "http://h"),
    ])
    func readsURLs(text: String, url: String, origin: String) {
        #expect(EndpointURL(text)?.text == url)
        #expect(EndpointURL(text)?.origin == origin)
    }

    @Test(arguments: [
        "", "h", "//h/", "ftp://h/", "http:/h", "http://", "http:///a", "http://:80/", "http://me@/", "http://h:x/",
        "http://h:0/", "http://h:65536/", "http://h:8 0/", "http://h/a b", "http://h/\\", "http://h\n/", "http://[]/",
        "http://h/" + String(repeating: "x", count: 9000),
    ])
    func refusesWhatIsNoURL(text: String) {
        #expect(EndpointURL(text) == nil)
    }

    @Test(
        arguments: [
            ("/b", "https://me@h:8/b"), ("b?c", "https://me@h:8/p/b?c"), ("?c", "https://me@h:8/p/q?c"),
            ("https://H:8/b#x", "https://me@h:8/b"), ("//h:8/b", "https://me@h:8/b"),
            ("https://you@h:8/b", "https://me@h:8/b"), ("b:c/d", nil), ("./b:c", "https://me@h:8/p/./b:c"),
            ("https://h/b", nil), ("http://h:8/b", nil), ("https://h:8.evil/b", nil), ("https://h:8@evil/b", nil),
            ("//evil/b", nil), ("https://h.evil:8/b", nil), ("\\\\evil", nil), ("", nil), ("mailto:a@h", nil),
        ] as [(String, String?)])
    func aRedirectNeverLeavesTheServer(location: String, url: String?) {
        let redirection = EndpointURL("https://me@h:8/p/q?r")?.redirection(to: location)
        if case .same(let other)? = redirection { #expect(other.text == url) } else { #expect(url == nil) }
    }

    @Test func aRedirectMayAddTLSAndNoMore() {
        let plain = EndpointURL("http://h/a")
        #expect(plain?.redirection(to: "https://h/a") == EndpointURL("https://h/a").map { .same($0) })
        #expect(plain?.redirection(to: "https://h:444/a") == .other("https://h:444/a"))
        #expect(EndpointURL("https://h/a")?.redirection(to: "http://h/a") == .other("http://h/a"))
        #expect(EndpointURL("http://h:81/a")?.redirection(to: "https://h/a?token=x") == .other("https://h/a"))
    }
}
