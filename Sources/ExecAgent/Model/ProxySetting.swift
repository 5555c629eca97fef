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
        guard let authority = Self.authority(of: url).flatMap({ HTTPAuthority($0) }) else { return nil }
        let host = authority.host
        let names = isSecure ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"]
        let named = (names + ["all_proxy", "ALL_PROXY"]).first { variables[$0]?.isEmpty == false }
        guard let named, let value = variables[named] else { return nil }
        let exceptions = variables["no_proxy"] ?? variables["NO_PROXY"] ?? ""
        let port = authority.port ?? (isSecure ? 443 : 80)
        guard !Self.mayBe(host, port, among: exceptions) else { return nil }
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
                ? "or bypass it for a model of your own with no_proxy=\(host)."
                : "or name \(host) in no_proxy to bypass it.")
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

    /// Whether `no_proxy` exempts the address by an entry with a port, which libcurl doesn't know.
    static func isExempt(_ url: String, in variables: [String: String]) -> Bool {
        guard let authority = authority(of: url).flatMap({ HTTPAuthority($0) }) else { return false }
        let port = authority.port ?? (url.lowercased().hasPrefix("https:") ? 443 : 80)
        let exceptions = variables["no_proxy"] ?? variables["NO_PROXY"] ?? ""
        return exceptions.split { $0 == "," || $0.isWhitespace }.contains { exception in
            withoutPort(exception.lowercased()[...], port).map { $0.count < exception.count } == true
                && mayBe(authority.host, port, among: String(exception))
        }
    }

    /// Returns an entry of `no_proxy` without its port; `nil` if that is another one than `port`.
    private static func withoutPort(_ entry: Substring, _ port: Int) -> Substring? {
        guard let colon = entry.lastIndex(of: ":"), case let digits = entry[entry.index(after: colon)...],
            !digits.isEmpty, digits.allSatisfy(\.isASCII), digits.allSatisfy(\.isNumber)
        else { return entry }
        // An IPv6 address has colons of its own: its port follows the bracket.
        let name = entry[..<colon]
        guard !name.contains(":") || name.hasSuffix("]") else { return entry }
        return Int(digits) == port ? name : nil
    }

    /// Whether a host is, or may be, exempt from the proxy.
    private static func mayBe(_ host: String, _ port: Int, among exceptions: String) -> Bool {
        exceptions.split { $0 == "," || $0.isWhitespace }.contains { exception in
            guard var name = withoutPort(exception.lowercased()[...], port) else { return false }
            if name == "*" { return true }
            // Matching networks would require address arithmetic, so any of them may include the host.
            if name.contains("/") { return true }
            if name.hasPrefix(".") { name = name.dropFirst() }
            if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
            return host == name || host.hasSuffix(".\(name)")
        }
    }
}
