/// A host with an optional port, as in the `Host` field and in URLs (RFC 3986, section 3.2).
public struct HTTPAuthority: Sendable, Equatable {
    /// The host name or address in lowercase; an IPv6 address without its brackets.
    public let host: String
    /// The port; `nil` if none is given.
    public let port: Int?

    /// Parses `example.com`, `127.0.0.1:8000` or `[::1]:8000`; returns `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 255 + 8 else { return nil }
        let hostEnd: Int
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")), bracket > 1,
                bytes[1..<bracket].allSatisfy({ $0.hexValue != nil || $0 == 0x3A || $0 == 0x2E })
            else { return nil }
            host = bytes[1..<bracket].text.lowercased()
            hostEnd = bracket + 1
        } else {
            hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            let name = bytes[..<hostEnd]
            let isName = name.allSatisfy { $0.isLetter || $0.isDigit || "-._".utf8.contains($0) }
            guard !name.isEmpty, isName else { return nil }
            host = name.text.lowercased()
        }
        let rest = bytes[hostEnd...]
        guard !rest.isEmpty else {
            port = nil
            return
        }
        let digits = rest.dropFirst()
        guard rest.first == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.allSatisfy(\.isDigit),
            let number = Int(digits.text), number <= 65535
        else { return nil }
        port = number
    }
}
