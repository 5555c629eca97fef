import MCPClient
import Testing

struct WebAddressTests {
    @Test(arguments: [
        ("https://bank.example/login?a=b#c", "bank.example"), ("http://127.0.0.1:8080", "127.0.0.1"),
        ("HTTPS://Bank.Example./", "bank.example."), ("https://[::1]:8443/x", "[::1]"),
        ("https://xn--80ak6aa92e.com/", "xn--80ak6aa92e.com"), ("https://a.test?x=https://b.test@c", "a.test"),
    ])
    func aPageHasAHost(text: String, host: String) {
        #expect(WebAddress(text)?.host == host)
        #expect(WebAddress(text)?.text == text)
    }

    @Test(arguments: [
        "", "x", "/login", "//bank.example/", "javascript:alert(1)", "javascript://bank.example/%0aalert(1)",
        "file:///etc/passwd", "data:text/html,x", "https:", "https://", "https:///path", "https://?x", "https://.",
        "https://:443/", "https:bank.example", "https:/bank.example", "https://bank.example@evil.example/",
        "https://user:secret@bank.example/", "https://evil.example\\@bank.example/", "https://\u{430}pple.com/",
        "https://bank.example/\u{202E}moc", "https://bank.example/\u{200B}", "https://bank.example/\n",
        " https://a.test",
        "https://a.test/ x", "https://a.test/\u{1B}[2J", "https://a b/", "https://a.test:80:80/", "https://[::1",
        "https://a%2eb/", "ht\ntps://a.test",
    ])
    func anythingElseIsNone(text: String) {
        #expect(WebAddress(text) == nil)
    }
}
