/// The target of a request line (RFC 9112, section 3.2): a path, an absolute URL as a proxy would receive it, or `*`.
struct RequestTarget: Sendable, Equatable {
    let path: String
    let query: String?
    /// The host of an absolute URL. It takes precedence over the `Host` field.
    let authority: String?

    init(_ bytes: ArraySlice<UInt8>, method: String) throws(HTTPError) {
        if bytes.elementsEqual([UInt8(ascii: "*")]) {
            guard method == "OPTIONS" else { throw HTTPError(400, "The target * is only valid for OPTIONS.") }
            (path, query, authority) = ("*", nil, nil)
            return
        }
        var rest = bytes
        authority = try Self.parseAuthority(&rest)
        let pathEnd = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        let pathBytes = rest[..<pathEnd]
        let queryBytes = rest[pathEnd...].dropFirst()
        guard Self.isValid(pathBytes, besides: "/"), Self.isValid(queryBytes, besides: "/?") else {
            throw HTTPError(400, "The target has characters that must be percent-encoded, or an invalid escape.")
        }
        path = pathBytes.isEmpty ? "/" : pathBytes.text
        query = pathEnd == rest.endIndex ? nil : queryBytes.text
    }

    /// Consumes `http://host:port` if the target starts with it.
    private static func parseAuthority(_ rest: inout ArraySlice<UInt8>) throws(HTTPError) -> String? {
        guard rest.first != UInt8(ascii: "/") else { return nil }
        let scheme = "http://"
        guard rest.prefix(scheme.utf8.count).text.lowercased() == scheme else {
            throw HTTPError(400, "The target must be a path or a URL that begins with http://.")
        }
        rest = rest.dropFirst(scheme.utf8.count)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authority = rest[..<end].text
        guard HTTPAuthority(authority) != nil else { throw HTTPError(400, "The target's host isn't valid.") }
        rest = rest[end...]
        return authority
    }

    private static func isValid(_ bytes: ArraySlice<UInt8>, besides signs: StaticString) -> Bool {
        var rest = bytes
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.popFirst()?.hexValue != nil, rest.popFirst()?.hexValue != nil else { return false }
            } else if !byte.isPathByte {
                guard signs.withUTF8Buffer({ $0.contains(byte) }) else { return false }
            }
        }
        return true
    }
}
