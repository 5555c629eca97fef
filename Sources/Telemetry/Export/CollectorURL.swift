/// Where a collector receives spans.
public struct CollectorURL: Sendable, Equatable {
    /// The whole URL.
    public let text: String
    /// Whether it is `https`.
    public let isSecure: Bool
    /// The host, without the brackets of an IPv6 address.
    public let host: String
    /// The port.
    public let port: Int
    /// The path, with the query.
    public let path: String

    /// Reads a URL; `nil` if it isn't an http or https URL, or has a user, a fragment, or characters that no URL has.
    ///
    /// - Parameter suffix: is added to the path.
    public init?(_ text: String, adding suffix: String = "") {
        guard text.utf8.count <= 2000, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }), !text.contains("#"),
            let colon = text.firstRange(of: "://")
        else { return nil }
        let scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@"), let (host, port) = Self.parts(of: authority) else { return nil }
        var path = String(rest[authority.endIndex...])
        if !suffix.isEmpty {
            guard !path.contains("?") else { return nil }
            while path.hasSuffix("/") { path.removeLast() }
            path += suffix
        }
        if !path.hasPrefix("/") { path = "/" + path }
        isSecure = scheme == "https"
        self.host = host
        self.port = port ?? (isSecure ? 443 : 80)
        self.path = path
        self.text = "\(scheme)://\(authority)\(path)"
    }

    /// The host and the port, as the field `Host` has them.
    var authority: String { "\(host.contains(":") ? "[\(host)]" : host):\(port)" }

    private static func parts(of authority: Substring) -> (host: String, port: Int?)? {
        var host = authority
        var rest: Substring = ""
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            rest = authority[colon...]
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty { return (String(host), nil) }
        guard rest.first == ":", let port = Int(rest.dropFirst()), 1...65_535 ~= port else { return nil }
        return (String(host), port)
    }
}
