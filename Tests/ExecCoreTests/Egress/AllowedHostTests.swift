import Testing

@testable import ExecCore

@Suite struct AllowedHostTests {
    @Test(arguments: [
        ("example.org:443", "example.org:443"), ("EXAMPLE.Org:80", "example.org:80"),
        ("a-b.c_d.example.org:65535", "a-b.c_d.example.org:65535"),
        ("xn--bcher-kva.example:1", "xn--bcher-kva.example:1"),
        ("8.8.8.8:53", "8.8.8.8:53"), ("[2606:4700::1111]:443", "[2606:4700::1111]:443"),
        ("[2606:4700:0:0::1111]:443", "[2606:4700::1111]:443"), ("1.example:1", "1.example:1"),
    ])
    func readsAHostAndAPort(text: String, shown: String) {
        #expect(AllowedHost(text)?.description == shown)
    }

    @Test(arguments: [
        "", ":", "example.org", "example.org:", ":443", "example.org:0", "example.org:00443", "example.org:65536",
        "example.org:443x", "example.org:+443", "example.org:-1", "example.org: 443", "example.org:٤٤٣",
        "https://example.org:443", "example.org:443/", "user@example.org:443", "*.example.org:443", "example.org.:443",
        ".example.org:443", "example..org:443", "-example.org:443", "example-.org:443", "exa mple.org:443",
        "example.org\0:443", "exämple.org:443", "localhost:80", "example:80", "127.0.0.1:80", "10.0.0.1:80",
        "169.254.169.254:80", "192.168.1.1:443", "[::1]:443", "[fe80::1%eth0]:443", "2606:4700::1111:443",
        "[example.org]:443", "[8.8.8.8]:53", "1.2.3:80", "127.1:80", "2130706433:80", "example.0x7f:80", "1.2.3.4.5:80",
        "\(String(repeating: "a", count: 64)).org:443",
        "\(String(repeating: "abcdefg.", count: 32))org:443",
    ])
    func refusesWhatIsNoPublicHostWithAPort(text: String) {
        #expect(AllowedHost(text) == nil)
    }

    @Test func allowsItselfInEitherCaseAndNothingElse() throws {
        let host = try #require(AllowedHost("files.example.org:443"))
        #expect(host.allows(host: "files.example.org", port: 443))
        #expect(host.allows(host: "FILES.Example.ORG", port: 443))
        for name in [
            "files.example.org.", "files.example.org\0", "\0files.example.org", " files.example.org", "files.example",
            "afiles.example.org", "files.example.org:443", "ﬁles.example.org", "fıles.example.org", "",
            "files.example.org\u{0301}", "files\u{3002}example.org", "files.example.org%00", "files.example.org/",
        ] { #expect(!host.allows(host: name, port: 443), "\(name)") }
        for port in [0, 80, 4430, 443 + 65536, -443, Int.max] { #expect(!host.allows(host: host.name, port: port)) }
    }

    @Test func anAddressIsMeantInItsUsualFormAlone() throws {
        let host = try #require(AllowedHost("8.8.8.8:53"))
        #expect(host.allows(host: "8.8.8.8", port: 53))
        for name in ["8.8.8.08", "134744072", "0x8080808", "8.8.2056", "::ffff:8.8.8.8", "8.8.8.8 "] {
            #expect(!host.allows(host: name, port: 53), "\(name)")
        }
        let version6 = try #require(AllowedHost("[2606:4700::1111]:443"))
        #expect(version6.allows(host: "2606:4700:0::1111", port: 443))
        #expect(!version6.allows(host: "2606:4700::1112", port: 443))
    }
}
