import ChildProcess
import SystemCalls

/// What a build needs to know about the machine it runs on: proxies, package indexes, trusted certificates. None of it
/// stays in the image.
public struct BuildEnvironment: Sendable {
    private static let certificateVariables = ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"]
    private static let certificateFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]
    private static let certificateLimit = 8 * 1024 * 1024
    private static let pipSettings = ["index-url", "extra-index-url", "trusted-host"]
    private static let proxyVariables = [
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    ]
    private static let pipTimeout = 10.0

    private let variables: [String: String]

    /// Creates the environment of the machine that these variables describe.
    public init(variables: [String: String]) {
        self.variables = variables
    }

    /// The certificates that this machine trusts, possibly including that of a proxy in front of the package index.
    public var certificates: [UInt8] {
        let named = Self.certificateVariables.compactMap { variables[$0] }.filter { !$0.isEmpty }
        let file = (named + Self.certificateFiles).first(where: Files.isRegularFile)
        return file.flatMap { Files.read($0, limit: Self.certificateLimit) } ?? []
    }

    /// Returns the build arguments, `NAME=VALUE`: from the environment, otherwise from this machine's pip
    /// configuration.
    func arguments() async -> [String] {
        var arguments: [String] = []
        let configured = await pipConfiguration()
        for setting in Self.pipSettings {
            let name = "PIP_" + setting.uppercased().map { $0 == "-" ? "_" : $0 }
            let value = variables[name].flatMap { $0.isEmpty ? nil : $0 } ?? configured[setting]
            if let value { arguments.append("\(name)=\(value)") }
        }
        for name in Self.proxyVariables {
            if let value = variables[name], !value.isEmpty { arguments.append("\(name)=\(value)") }
        }
        return arguments
    }

    /// Returns pip's own settings; empty if there is no pip.
    private func pipConfiguration() async -> [String: String] {
        let search = ProgramSearch(environment: variables)
        guard let python = search.path(of: "python3") else { return [:] }
        let list = Command(
            executable: python, arguments: ["-m", "pip", "config", "list"], environment: search.programEnvironment)
        guard let output = try? await list.run(timeout: Self.pipTimeout), output.succeeded else { return [:] }
        return Self.settings(inListing: String(decoding: output.output, as: UTF8.self))
    }

    /// Parses lines such as `global.index-url='https://…'`.
    static func settings(inListing listing: String) -> [String: String] {
        var settings: [String: String] = [:]
        for line in listing.lines where line.hasPrefix("global.") {
            guard let sign = line.firstIndex(of: "=") else { continue }
            let value = line[line.index(after: sign)...]
            guard value.count > 2, let quote = value.first, quote == "'" || quote == "\"", value.last == quote else {
                continue
            }
            settings[String(line[..<sign].dropFirst("global.".count))] = String(value.dropFirst().dropLast())
        }
        return settings
    }
}
