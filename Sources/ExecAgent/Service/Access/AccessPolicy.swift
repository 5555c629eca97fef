import HTTPServer

/// Who is let in: judged by the head of a request, before any of its body is taken.
struct AccessPolicy: Sendable {
    /// What can be asked for without a key: it tells no more than that the service is there.
    private static let openPath = "/health"

    private let keys: APIKeys
    private let names: Set<String>
    /// The port that the `Host` field has to name; `nil` for any.
    private let port: Int?
    private let takesAddresses: Bool
    private let budgets: RateLimiter
    private let links: SignedArtifactLinks

    /// - Parameter port: at which the service listens.
    init(_ options: ServiceOptions, port: Int, budgets: RateLimiter, links: SignedArtifactLinks = SignedArtifactLinks())
    {
        self.links = links
        keys = APIKeys(options.keys)
        let isLocal = Self.isLoopback(options.host)
        let publicHost = options.publicURL.flatMap { PublicURL.host(of: $0) }
        let told = options.hostNames + (publicHost.map { [$0] } ?? [])
        names = Set(["localhost", "127.0.0.1", "::1", options.host] + told).reduce(into: []) {
            $0.insert($1.lowercased())
        }
        // From elsewhere a service may be reached through another port, and by any of the machine's addresses. A page
        // that rebinds a name of its own brings that name, and has no key.
        self.port = isLocal && told.isEmpty ? port : nil
        takesAddresses = !isLocal
        self.budgets = budgets
    }

    /// Whether `host` can be reached by this machine alone.
    static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return ["localhost", "::1"].contains(host.lowercased())
            || (numbers.count == 4 && numbers.allSatisfy { $0 != nil } && numbers[0] == 127)
    }

    /// - Returns: why the request is refused; `nil` where it is let in.
    func refusal(of request: HTTPRequest, from remote: RemoteAddress) -> APIRequestError? {
        guard let host = request.header("host").flatMap({ HTTPAuthority($0) }), isOurs(host) else {
            return APIRequestError(
                403, "The Host field names another host than this service. A proxy's name has to be made known to it.",
                type: "permission_error", code: "host_not_allowed")
        }
        // A page of a front end asks for what it shows from another origin and without a key: the address is the key.
        switch links.verdict(on: request) {
        case .other: break
        // Apart from what strangers ask for: behind a proxy they have the same address.
        case .valid: return tooMany("links of \(remote.network)")
        case let verdict: return tooMany("address \(remote.network)") ?? APIRequestError(link: verdict)
        }
        guard isOwnOrigin(request, host) else {
            return APIRequestError(
                403, "Pages of other origins may not use this service.", type: "permission_error",
                code: "origin_not_allowed")
        }
        if request.path == Self.openPath { return tooMany("address \(remote.network)") }
        if keys.isEmpty { return tooMany("address \(remote.network)") }
        guard let number = keys.number(of: request.header("authorization")) else {
            // Who guesses is slowed down like anyone else.
            return tooMany("address \(remote.network)")
                ?? APIRequestError(
                    401, "Send one of the service's keys as 'Authorization: Bearer KEY'.", code: "invalid_api_key",
                    headers: [HTTPHeader("WWW-Authenticate", "Bearer")])
        }
        return tooMany("key \(number)")
    }

    /// Whether a request brings a key, or none is asked for.
    func isAuthorized(_ request: HTTPRequest) -> Bool {
        keys.isEmpty || keys.number(of: request.header("authorization")) != nil
    }

    private func tooMany(_ sender: String) -> APIRequestError? {
        budgets.take(sender).map { .tooManyRequests(seconds: $0) }
    }

    private func isOurs(_ host: HTTPAuthority) -> Bool {
        let isKnown = names.contains(host.host) || (takesAddresses && Self.isAddress(host.host))
        return isKnown && (port == nil || host.port ?? 80 == port)
    }

    private static func isAddress(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host.contains(":") || (numbers.count == 4 && numbers.allSatisfy { $0 != nil })
    }

    private func isOwnOrigin(_ request: HTTPRequest, _ host: HTTPAuthority) -> Bool {
        // Says of requests without an Origin, such as that of a picture in a page, where they come from.
        if let site = request.header("sec-fetch-site"), !["same-origin", "none"].contains(site) { return false }
        guard let origin = request.header("origin") else { return true }
        guard let scheme = ["http://", "https://"].first(where: { origin.hasPrefix($0) }) else { return false }
        return HTTPAuthority(origin.dropFirst(scheme.count)) == host
    }
}

extension APIRequestError {
    static func tooManyRequests(seconds: Int) -> APIRequestError {
        APIRequestError(
            429, "Too many requests. Try again in \(seconds) s.", type: "rate_limit_error",
            code: "rate_limit_exceeded", retryAfter: seconds)
    }
}
