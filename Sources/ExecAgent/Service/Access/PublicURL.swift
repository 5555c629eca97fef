import HTTPServer

/// The service's public URL for browsers, as configured by the operator.
enum PublicURL {
    /// Characters of a path besides letters and digits; none has a meaning in Markdown.
    private static let pathSigns = Array("-._~/:".utf8)

    /// Parses an http or https URL of a host, with an optional port and path.
    ///
    /// - Returns: the URL without trailing slashes and without the `/v1` that clients use; `nil` if it has a user, a
    ///   query or a fragment, or if its host, port or path is invalid.
    static func read(_ text: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" }
        guard text.utf8.count <= 1000, let host = HTTPAuthority(authority), host.port != 0,
            let path = path(rest.dropFirst(authority.count))
        else { return nil }
        return scheme + authority + path
    }

    private static func path(_ text: Substring) -> Substring? {
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                    value > 0x20
                else { return nil }
            } else if !(byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || pathSigns.contains(byte)) {
                return nil
            }
        }
        var path = text
        func dropSlashes() { while path.hasSuffix("/") { path.removeLast() } }
        dropSlashes()
        if path.hasSuffix("/v1") { path.removeLast(3) }
        dropSlashes()
        return path
    }

    /// Returns the host of a URL.
    static func host(of url: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: { url.hasPrefix($0) }) else { return nil }
        return HTTPAuthority(url.dropFirst(scheme.count).prefix { $0 != "/" })?.host
    }
}
