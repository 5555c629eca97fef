import HTTPServer

/// Decides who is let in, from the head of a request alone, before its body is read.
struct AccessPolicy: Sendable {
    /// The path that needs no key: it reveals only that the service exists.
    private static let openPath = "/health"
    /// What a file of the page costs, in requests: a load of the page takes some 30 files.
    private static let assetCost = 1.0 / 30

    private let keys: APIKeys
    private let names: Set<String>
    /// The port that the `Host` field must name; `nil` for any.
    private let port: Int?
    private let allowsAddresses: Bool
    private let budgets: RateLimiter
    private let links: SignedArtifactLinks
    private let previews: PreviewTokens

    /// - Parameter port: the port at which the service listens.
    init(
        _ options: ServiceOptions, port: Int, budgets: RateLimiter, links: SignedArtifactLinks = SignedArtifactLinks(),
        previews: PreviewTokens = PreviewTokens()
    ) {
        self.links = links
        self.previews = previews
        keys = APIKeys(options.keys)
        let isLocal = Self.isLoopback(options.host)
        let publicHost = options.publicURL.flatMap { PublicURL.host(of: $0) }
        let configuredNames = options.hostNames + (publicHost.map { [$0] } ?? [])
        names = Set(["localhost", "127.0.0.1", "::1", options.host] + configuredNames).reduce(into: []) {
            $0.insert($1.lowercased())
        }
        // A service open to other machines may be reached through another port and at any of the machine's addresses.
        // A DNS-rebinding page sends its own host name, and has no key.
        self.port = isLocal && configuredNames.isEmpty ? port : nil
        allowsAddresses = !isLocal
        self.budgets = budgets
    }

    /// Returns whether only this machine can reach `host`.
    static func isLoopback(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return ["localhost", "::1"].contains(host.lowercased())
            || (numbers.count == 4 && numbers.allSatisfy { $0 != nil } && numbers[0] == 127)
    }

    /// Checks the host, the signed link, the origin, the key and the rate limit.
    ///
    /// - Returns: why the request is rejected; `nil` if it is let in.
    func refusal(of request: HTTPRequest, from remote: RemoteAddress) -> APIRequestError? {
        let host = request.header("host").flatMap { HTTPAuthority($0) }
        // Health checks of load balancers speak HTTP/1.0 without a host; a page cannot.
        let isCheck = request.header("host") == nil && request.path == Self.openPath
        guard isCheck || host.map(isOurs) == true else {
            return APIRequestError(
                403, "The Host header names another host than this service. Add a proxy's name with --host-names.",
                type: "permission_error", code: "host_not_allowed")
        }
        // A front end's page loads artifacts cross-origin and without a key: the signed URL is the credential.
        switch links.verdict(on: request) {
        case .other: break
        // Limited separately from unauthenticated requests: behind a proxy both have the same address.
        case .valid: return tooMany("links of \(remote.network)")
        case let verdict: return tooMany("address \(remote.network)") ?? APIRequestError(link: verdict)
        }
        // What the page consists of contains no data, and is served from memory. Browsers ask for all of it at each load.
        if PageAssets.isAsset(request) {
            guard isOwnOrigin(request, host) || Self.isNavigation(request) else { return .foreignOrigin }
            return tooMany("page of \(remote.network)", cost: Self.assetCost)
        }
        guard isOwnOrigin(request, host) else { return .foreignOrigin }
        // A frame's request has no key: its random path is the credential.
        if previews.isPreview(request) {
            return tooMany("address \(remote.network)") ?? (previews.isOpen(request) ? nil : .noPreview)
        }
        if request.path == Self.openPath { return tooMany("address \(remote.network)") }
        if keys.isEmpty { return tooMany("address \(remote.network)") }
        guard let number = keys.number(of: request.header("authorization")) else {
            // Guessing keys is rate-limited too.
            return tooMany("address \(remote.network)")
                ?? APIRequestError(
                    401, "Send one of the service's keys as 'Authorization: Bearer KEY'.", code: "invalid_api_key",
                    headers: [HTTPHeader("WWW-Authenticate", "Bearer")])
        }
        return tooMany("key \(number)")
    }

    /// Returns whether a request has a valid key, or no key is required.
    func isAuthorized(_ request: HTTPRequest) -> Bool {
        keys.isEmpty || keys.number(of: request.header("authorization")) != nil
    }

    private func tooMany(_ sender: String, cost: Double = 1) -> APIRequestError? {
        budgets.acquire(sender, cost: cost).map { .tooManyRequests(seconds: $0) }
    }

    private func isOurs(_ host: HTTPAuthority) -> Bool {
        let isKnown = names.contains(host.host) || (allowsAddresses && Self.isAddress(host.host))
        return isKnown && (port == nil || host.port ?? 80 == port)
    }

    private static func isAddress(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return host.contains(":") || (numbers.count == 4 && numbers.allSatisfy { $0 != nil })
    }

    /// Whether a request is the top-level navigation of a browser: a link on any page, or an address that was typed.
    private static func isNavigation(_ request: HTTPRequest) -> Bool {
        request.header("sec-fetch-mode") == "navigate" && request.header("origin") == nil
            // A frame is a navigation as well.
            && ["document", nil].contains(request.header("sec-fetch-dest"))
    }

    private func isOwnOrigin(_ request: HTTPRequest, _ host: HTTPAuthority?) -> Bool {
        // Gives the origin of requests that have no Origin field, such as that of an image in a page.
        if let site = request.header("sec-fetch-site"), !["same-origin", "none"].contains(site) { return false }
        guard let origin = request.header("origin") else { return true }
        guard let host else { return false }
        guard let scheme = ["http://", "https://"].first(where: { origin.hasPrefix($0) }) else { return false }
        return HTTPAuthority(origin.dropFirst(scheme.count)) == host
    }
}

extension APIRequestError {
    fileprivate static let foreignOrigin = APIRequestError(
        403, "Pages of other origins may not use this service.", type: "permission_error",
        code: "origin_not_allowed")

    static func tooManyRequests(seconds: Int) -> APIRequestError {
        APIRequestError(
            429, "Too many requests. Try again in \(seconds) s.", type: "rate_limit_error",
            code: "rate_limit_exceeded", retryAfter: seconds)
    }
}
