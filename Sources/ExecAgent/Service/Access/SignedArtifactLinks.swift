import Diagnostics
import HTTPServer
import Hashing
import MCP
import SystemCalls
import Threading

/// Signed URLs of artifacts that work without a key: a user's browser requests them when a front end shows an answer.
///
/// A URL is valid for one file of one user and for a limited time, and is signed with a secret of this process. Nobody
/// else can create one or change its file, user or expiry. All URLs become invalid when the process ends.
final class SignedArtifactLinks: Sendable {
    /// The result of checking a request for an artifact.
    enum Verdict: Sendable, Equatable {
        /// Not a signed-URL request.
        case other
        /// The signature is valid.
        case valid
        /// The signature is valid, but the URL has expired.
        case expired
        /// The signature is missing or wrong.
        case invalid
    }

    /// The path template of the URLs, as the router uses it.
    static let path = "/v1/artifacts/{user}/{name}"
    private static let prefix = "/v1/artifacts/"
    /// Seconds for which a URL is valid: as long as somebody may return to a chat.
    static let lifetime = 7 * 24 * 3600
    /// Maximum number of files that one answer links to.
    static let maxLinks = 20
    /// Hex digits of a signature.
    private static let codeDigits = 64
    /// File extensions that a page shows inline; only a guess by name.
    private static let pictures: Set<Substring> = ["png", "jpg", "jpeg", "gif", "webp", "svg"]

    private let secret: [UInt8]
    private let now: @Sendable () -> Int
    private let base = Locked<String?>(nil)

    /// - Parameter now: seconds since 1970.
    init(now: @escaping @Sendable () -> Int = { time(nil) }) {
        var generator = SystemRandomNumberGenerator()
        secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        self.now = now
    }

    /// Sets the base of the URLs, as browsers reach the service: `http://127.0.0.1:8000`; `nil` to create no URLs.
    ///
    /// It is never derived from a request: the client controls the `Host` field.
    func use(base: String?) {
        self.base.withLock { $0 = base }
    }

    /// Returns the URL of a file; `nil` if there is no base URL.
    ///
    /// - Parameter user: the name under which the tool servers know the user; see ``UserName``.
    func address(of name: String, user: String) -> String? {
        guard let base = base.withLock({ $0 }) else { return nil }
        let expires = String(now() + Self.lifetime)
        let code = code(user, name, expires).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let path = "\(Self.prefix)\(Download.encoded(user))/\(Download.encoded(name))"
        return "\(base)\(path)?expires=\(expires)&signature=\(code)"
    }

    /// Returns Markdown links to files, with pictures inline; empty if none.
    func markdown(of names: [String], user: String) -> String {
        let links = names.prefix(Self.maxLinks).compactMap { name in
            address(of: name, user: user).map { address in
                let ending = name.lowercased().split(separator: ".").last ?? ""
                return "\(Self.pictures.contains(ending) ? "!" : "")[\(Self.label(name))](\(address))"
            }
        }
        guard !links.isEmpty, names.count > links.count else { return links.joined(separator: "\n\n") }
        return links.joined(separator: "\n\n") + "\n\n(and \(names.count - links.count) more)"
    }

    /// Checks a request by its head alone.
    func verdict(on request: HTTPRequest) -> Verdict {
        guard ["GET", "HEAD"].contains(request.method), request.path.hasPrefix(Self.prefix),
            let values = ServiceRouter.values(of: request.path, in: Self.path),
            let user = values["user"], let name = values["name"]
        else { return .other }
        guard let (expires, given) = Self.parts(of: request.query ?? "") else { return .invalid }
        guard HMAC.areEqual(code(user, name, expires), given) else { return .invalid }
        return Int(expires).map { now() < $0 } == true ? .valid : .expired
    }

    /// Removes the URLs from an earlier answer, since they open files for anyone who reads them. Lines that the
    /// service appended to the answer are dropped: the model did not write them, and would imitate them. Within other
    /// text, a URL is replaced by the agent's own name for the file.
    static func withoutAddresses(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "?")), text.contains("&signature=") else { return text }
        var lines: [String] = []
        var isShorter = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let (changed, count) = named(line)
            let isAlone = line.ranges(of: "](").count == 1 && line.last == ")"
            let isLink = count == 1 && isAlone && (line.hasPrefix("![") || line.hasPrefix("["))
            if isLink { isShorter = true } else { lines.append(changed) }
        }
        guard isShorter else { return lines.joined(separator: "\n") }
        while let last = lines.last, last.allSatisfy(\.isWhitespace) || last.hasPrefix("(and "), last.count < 40 {
            lines.removeLast()
        }
        return lines.isEmpty ? "(Files for you.)" : lines.joined(separator: "\n")
    }

    /// Replaces the URLs in a line by the agent's names and returns their number.
    private static func named(_ line: Substring) -> (text: String, count: Int) {
        var kept = ""
        var count = 0
        var rest = line
        while let start = rest.firstRange(of: "](") {
            kept += rest[..<start.upperBound]
            rest = rest[start.upperBound...]
            let inside = rest.prefix { $0 != ")" && !$0.isWhitespace && $0 != "(" }
            guard let path = inside.firstRange(of: prefix), let query = inside.firstRange(of: "?expires="),
                path.upperBound <= query.lowerBound, inside[query.upperBound...].contains("&signature="),
                let name = inside[path.upperBound..<query.lowerBound].split(separator: "/").last
            else { continue }
            kept += ResourcePrefix.artifact + name
            rest = rest[inside.endIndex...]
            count += 1
        }
        return (kept + rest, count)
    }

    /// Returns the signature over everything that a URL is for. Each text is prefixed with its length, so that
    /// different fields never give the same message.
    private func code(_ user: String, _ name: String, _ expires: String) -> [UInt8] {
        let message = ["artifact", user, name, expires].flatMap { text in
            Array("\(text.utf8.count):".utf8) + Array(text.utf8)
        }
        return HMAC.sha256(of: message, key: secret)
    }

    /// Returns the expiry and the signature of a query that has exactly these two, in the form in which they are
    /// written here.
    private static func parts(of query: String) -> (expires: String, code: [UInt8])? {
        let parts = query.split(separator: "&", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].hasPrefix("expires="), parts[1].hasPrefix("signature=") else { return nil }
        let expires = parts[0].dropFirst("expires=".count)
        let digits = Array(parts[1].dropFirst("signature=".count).utf8)
        guard (1...12).contains(expires.utf8.count), expires.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
            digits.count == codeDigits
        else { return nil }
        var code: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(of: digits[place]), let low = value(of: digits[place + 1]) else { return nil }
            code.append(high << 4 | low)
        }
        return (String(expires), code)
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    /// Returns a file name escaped as literal Markdown text.
    private static func label(_ name: String) -> String {
        TerminalText.line(Array(name.utf8), atMost: 200).reduce(into: "") { text, sign in
            if sign.isASCII, sign.isPunctuation || sign.isSymbol, !"-.".contains(sign) { text += "\\" }
            text.append(sign)
        }
    }
}

extension APIRequestError {
    /// Creates the error for a link that isn't valid.
    init(link verdict: SignedArtifactLinks.Verdict) {
        if verdict == .expired {
            self.init(
                403, "This link has expired. Ask the agent for the file again.", type: "permission_error",
                code: "link_expired")
        } else {
            self.init(
                403,
                "This isn't a link of this service, or it was issued before the service was restarted. A user's artifacts "
                    + "are at /{user}/artifacts.", type: "permission_error", code: "link_invalid")
        }
    }
}
