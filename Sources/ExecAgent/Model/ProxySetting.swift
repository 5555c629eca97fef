import CommandOptions
import HTTPServer

/// The proxy that an environment variable configures for requests to an address.
struct ProxySetting: Sendable, Equatable {
    /// The variable's name.
    let variable: String
    /// The proxy's address, without user name and password.
    let address: String
    /// The host that requests are sent to.
    let host: String

    /// - Parameters:
    ///   - url: the request's URL.
    ///   - variables: the environment, interpreted as libcurl does.
    /// - Returns: `nil` if requests go directly to the host, or may do so.
    init?(for url: String, in variables: [String: String]) {
        let isSecure = url.lowercased().hasPrefix("https:")
        guard let authority = Self.authority(of: url), let host = HTTPAuthority(authority)?.host else { return nil }
        let names = isSecure ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
        let named = (names + ["all_proxy", "ALL_PROXY"]).first { variables[$0]?.isEmpty == false }
        guard let named, let value = variables[named] else { return nil }
        let exceptions = variables["no_proxy"] ?? variables["NO_PROXY"] ?? ""
        guard !Self.mayBe(host, among: exceptions) else { return nil }
        variable = named
        self.host = host
        let scheme = value.firstRange(of: "://").map { value[..<$0.upperBound] } ?? ""
        address = scheme + (Self.authority(of: value) ?? value)
    }

    /// Returns the setting of this process; `nil` on systems that configure proxies elsewhere.
    static func ofThisProcess(for url: String) -> ProxySetting? {
        #if canImport(Glibc)
            ProxySetting(for: url, in: ProcessEnvironment.variables)
        #else
            nil
        #endif
    }

    /// Advice about a failure that may be caused by the proxy: a model on this machine or the local network needs none.
    var advice: String {
        "\(variable) names the proxy \(address): check it, "
            + (isNear
                ? "or go past it to a model of your own with no_proxy=\(host)."
                : "or name \(host) in no_proxy to go past it.")
    }

    /// Whether the host is this machine or on the local network, which an external proxy cannot reach.
    var isNear: Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).compactMap { UInt8($0) }
        if numbers.count == 4 {
            return [10, 127].contains(numbers[0]) || (numbers[0], numbers[1]) == (192, 168)
                || (numbers[0] == 172 && (16...31).contains(numbers[1])) || (numbers[0], numbers[1]) == (169, 254)
        }
        return host == "::1" || !host.contains(".") && !host.contains(":")
            || [".local", ".localhost", ".internal", ".lan"].contains { host.hasSuffix($0) }
    }

    /// Returns the part between a URL's scheme and path, without user name and password.
    private static func authority(of url: String) -> String? {
        let rest = url.firstRange(of: "://").map { url[$0.upperBound...] } ?? url[...]
        let authority = rest.prefix { !"/?#".contains($0) }
        return authority.split(separator: "@", omittingEmptySubsequences: false).last.map(String.init)
    }

    /// Whether a host is, or may be, exempt from the proxy.
    private static func mayBe(_ host: String, among exceptions: String) -> Bool {
        exceptions.split { $0 == "," || $0.isWhitespace }.contains { exception in
            var name = exception.lowercased()[...]
            if name == "*" { return true }
            // Matching networks would require address arithmetic, so any of them may include the host.
            if name.contains("/") { return true }
            if name.hasPrefix(".") { name = name.dropFirst() }
            if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
            return host == name || host.hasSuffix(".\(name)")
        }
    }
}
