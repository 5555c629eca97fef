/// The URL of a server: `scheme://authority/target`.
struct EndpointURL: Sendable, Equatable {
    /// Where a redirect leads.
    enum Redirection: Sendable, Equatable {
        /// To the same server.
        case same(EndpointURL)
        /// To another one; with its address, for people.
        case other(String)
    }

    private static let maxBytes = 8192
    private static let ports = ["http": 80, "https": 443]

    private let scheme: String
    /// The credentials in the URL, with the `@`; empty if none.
    private let credentials: String
    /// In lower case.
    private let host: String
    private let port: Int
    /// The path and the query; starts with a slash.
    private let target: String

    /// - Returns: `nil` if the text isn't a valid URL of HTTP.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maxBytes, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x5C }),
            let separator = text.firstRange(of: "://")
        else { return nil }
        scheme = text[..<separator.lowerBound].lowercased()
        guard let usualPort = Self.ports[scheme] else { return nil }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        var address = authority
        if let sign = authority.lastIndex(of: "@") {
            credentials = String(authority[...sign])
            address = authority[authority.index(after: sign)...]
        } else {
            credentials = ""
        }
        // The colon after the bracket of an IPv6 address, or the only one.
        let end = address.lastIndex(of: "]").map { address.index(after: $0) } ?? address.firstIndex(of: ":")
        host = address[..<(end ?? address.endIndex)].lowercased()
        let suffix = end.map { address[$0...] } ?? ""
        if suffix.isEmpty || suffix == ":" {
            port = usualPort
        } else {
            guard suffix.hasPrefix(":"), let number = UInt16(suffix.dropFirst()), number > 0 else { return nil }
            port = Int(number)
        }
        guard !host.isEmpty, host != "[]" else { return nil }
        let path = rest[authority.endIndex...]
        target = path.hasPrefix("/") ? String(path) : "/\(path)"
    }

    private init(scheme: String, credentials: String, host: String, port: Int, target: String) {
        self.scheme = scheme
        self.credentials = credentials
        self.host = host
        self.port = port
        self.target = target
    }

    /// The URL as text.
    var text: String { "\(scheme)://\(credentials)\(host)\(suffix)\(target)" }

    /// The scheme, host and port: the part of the URL that isn't secret.
    var origin: String { "\(scheme)://\(host)\(suffix)" }

    private var suffix: String { Self.ports[scheme] == port ? "" : ":\(port)" }

    /// Resolves the location of a redirect. The result's server is never taken from the location.
    ///
    /// - Returns: `nil` if it isn't a valid location.
    func redirection(to location: String) -> Redirection? {
        let path = target.prefix { $0 != "?" }
        let absolute: String
        switch location {
        case "": return nil
        case _ where location.hasPrefix("//"): absolute = "\(scheme):\(location)"
        case _ where location.hasPrefix("/"): absolute = origin + location
        case _ where location.hasPrefix("?"): absolute = origin + path + location
        case _ where location.prefix(while: { !"/?#".contains($0) }).contains(":"): absolute = location
        default: absolute = origin + path[...(path.lastIndex(of: "/") ?? path.startIndex)] + location
        }
        guard let other = EndpointURL(absolute) else { return nil }
        let isSame = other.scheme == scheme && other.port == port
        let isSecured = scheme == "http" && other.scheme == "https" && port == 80 && other.port == 443
        guard other.host == host, isSame || isSecured else {
            return .other((other.origin + other.target.prefix { $0 != "?" }).beginning(200))
        }
        return .same(
            EndpointURL(
                scheme: other.scheme, credentials: credentials, host: host, port: other.port, target: other.target))
    }
}
