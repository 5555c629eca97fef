import HTTPServer
import Testing

@Suite struct PathTests {
    @Test(arguments: [
        ("/", []), ("/a", ["a"]), ("/a/b", ["a", "b"]), ("/a%20b/%C3%A4", ["a b", "ä"]), ("/a+b", ["a+b"]),
        ("/%2e%2e%2e", ["..."]), ("/a%3Fb%23", ["a?b#"]), ("/%25%32%66", ["%2f"]),
    ])
    func decodesSegments(path: String, expected: [String]) {
        #expect(HTTPPath.segments(of: path) == expected)
    }

    @Test(arguments: [
        "", "*", "a", "//", "/a/", "/a//b", "/.", "/..", "/a/../b", "/%2e", "/%2E%2e", "/a%2Fb", "/a%2fb", "/a%5Cb",
        "/a\\b",
        "/a%00", "/%0A", "/%7f", "/%", "/%4", "/%zz", "/%FF", "/%C3", "/%C0%AF", "/%ED%A0%80",
    ])
    func refusesWhatNamesNothing(path: String) {
        #expect(HTTPPath.segments(of: path) == nil)
    }

    @Test func decodesParts() {
        #expect(HTTPPath.decode("a%2Fb/c%20%5C") == "a/b/c \\")
        for bad in ["%", "%4", "%FF", "%00", "a\n"] { #expect(HTTPPath.decode(bad) == nil) }
    }

    @Test(
        arguments: [
            ("a%0Ab", "a\nb"), ("%5C", "\\"), ("%7F%01", "\u{7F}\u{1}"), ("%2e%2e%2e", "..."), ("a%20b", "a b"),
            ("", nil),
            (".", nil), ("..", nil), ("%2E", nil), ("%2e.", nil), ("a%2Fb", nil), ("a/b", nil), ("a%00", nil),
            ("%", nil),
            ("%FF", nil),
        ] as [(String, String?)])
    func aNameIsAnyCharactersButASlash(segment: String, name: String?) {
        #expect(HTTPPath.name(of: segment) == name)
    }

    @Test func readsAuthorities() {
        func parts(_ text: String) -> [String]? {
            HTTPAuthority(text).map { [$0.host, $0.port.map(String.init) ?? ""] }
        }
        #expect(parts("LocalHost") == ["localhost", ""])
        #expect(parts("127.0.0.1:8000") == ["127.0.0.1", "8000"])
        #expect(parts("[::1]:80") == ["::1", "80"])
        #expect(parts("[::FFFF:1.2.3.4]") == ["::ffff:1.2.3.4", ""])
        for bad in ["", ":80", "a:b", "a:-1", "a:65536", "a:000080", "::1", "[", "[]", "[x]", "a b", "a@b", "a/b"] {
            #expect(parts(bad) == nil, "\(bad)")
        }
    }
}
