import OpenAI
import Telemetry

/// The common part of all requests to an endpoint: the address and the header fields.
struct RequestTemplate: Sendable, Equatable {
    /// A header field.
    struct Field: Sendable, Equatable {
        let name: String
        let value: String
    }

    /// The URL of the chat completions.
    let url: String
    /// The URL's host; an IPv6 address without brackets.
    let host: String
    let fields: [Field]

    /// - Throws: ``ModelError`` if the address or the key is unusable.
    init(_ options: EndpointOptions) throws(ModelError) {
        (url, host) = try Self.address(options.baseURL)
        var fields = [
            Field(name: "Content-Type", value: "application/json"),
            Field(name: "Accept", value: "\(EventStream.mediaType), application/json"),
            Field(name: "User-Agent", value: "exec-agent"),
        ]
        if let key = options.key, !key.isEmpty {
            guard key.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                throw ModelError(
                    kind: .unauthorized,
                    message:
                        "The key has characters that no key has: set OPENAI_API_KEY again, without blanks and line ends."
                )
            }
            fields.append(Field(name: "Authorization", value: "Bearer \(key)"))
        }
        self.fields = fields
    }

    /// The header fields that say where a request is in a trace (W3C Trace Context); empty if it isn't part of one.
    func fields(of trace: TraceContext?) -> [Field] {
        guard let trace else { return [] }
        let parent = Field(name: "traceparent", value: trace.traceParent)
        return trace.traceState.isEmpty ? [parent] : [parent, Field(name: "tracestate", value: trace.traceState)]
    }

    // MARK: - The address

    private static let advice =
        "set OPENAI_BASE_URL to an address like https://api.openai.com/v1 or http://localhost:11434/v1"

    private static func refusal(_ problem: String) -> ModelError {
        ModelError(kind: .refused, message: "The model's address \(problem): \(advice).")
    }

    /// Returns the URL of the chat completions under `baseURL`, and its host. A query, which some services require, is
    /// kept.
    private static func address(_ baseURL: String) throws(ModelError) -> (url: String, host: String) {
        let unusable = refusal("cannot be used")
        guard let colon = baseURL.firstRange(of: "://"), !baseURL.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }),
            !baseURL.utf8.contains(UInt8(ascii: "#"))
        else { throw unusable }
        let scheme = baseURL[..<colon.lowerBound].lowercased()
        guard ["http", "https"].contains(scheme) else { throw unusable }

        let rest = baseURL[colon.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw ModelError(
                kind: .refused, message: "The model's address has a password in it: set OPENAI_API_KEY, and \(advice).")
        }
        guard authority.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw refusal("has a host with letters that are not ASCII; write its name as DNS has it, xn--…, and")
        }
        guard let host = host(of: authority) else { throw unusable }

        let tail = rest[authority.endIndex...]
        var path = tail.prefix { $0 != "?" }
        while path.hasSuffix("/") { path.removeLast() }
        let query = tail.drop { $0 != "?" }
        return (
            "\(scheme)://\(authority)\(escaped(path))/chat/completions\(escaped(query))", host
        )
    }

    /// Returns the host of `authority`, which may include a port; `nil` if either is invalid.
    private static func host(of authority: Substring) -> String? {
        let host: Substring
        let port: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            port = authority[authority.index(after: end)...]
            guard host.contains(":"), host.utf8.allSatisfy({ isHexadecimal($0) || [0x3A, 0x2E].contains($0) }) else {
                return nil
            }
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority[host.endIndex...]
            guard host.utf8.allSatisfy({ isLetterOrDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) }) else { return nil }
        }
        guard !host.isEmpty else { return nil }
        guard port.isEmpty || (port.first == ":" && port.utf8.dropFirst().allSatisfy { 0x30...0x39 ~= $0 }) else {
            return nil
        }
        guard port.utf8.count <= 1 || 1...65_535 ~= Int(port.dropFirst()) ?? 0 else { return nil }
        return String(host)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }

    /// Returns `text` with characters that aren't allowed in a URL percent-encoded. Existing escapes are kept.
    private static func escaped(_ text: Substring) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isLetterOrDigit(byte) || allowed.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let allowed = Array("-._~:/?@!$&'()*+,;=%".utf8)
}
