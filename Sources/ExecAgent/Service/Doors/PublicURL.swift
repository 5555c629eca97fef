import HTTPServer

/// Where browsers reach the service, as whoever runs it says.
enum PublicURL {
    /// - Returns: the URL without a slash at its end, or the `/v1` that clients are told; `nil` for what is no http or https
    ///   URL of a host and a path of plain signs.
    static func read(_ text: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let isPlain = rest.utf8.allSatisfy { byte in
            byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || "-._~/:[]%".utf8.contains(byte)
        }
        guard isPlain, text.utf8.count <= 1000, HTTPAuthority(rest.prefix { $0 != "/" }) != nil else { return nil }
        var url = scheme + rest
        while url.hasSuffix("/") { url.removeLast() }
        if url.hasSuffix("/v1") { url.removeLast(3) }
        return url
    }

    /// The host that it names.
    static func host(of url: String) -> String? {
        guard let scheme = ["http://", "https://"].first(where: { url.hasPrefix($0) }) else { return nil }
        return HTTPAuthority(url.dropFirst(scheme.count).prefix { $0 != "/" })?.host
    }
}
