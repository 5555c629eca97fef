/// The address of a web page that a server asks its user to visit: an absolute URI of `http` or `https` with a host, and
/// nothing that would let it look like another one.
public struct WebAddress: Sendable, Equatable {
    private static let maxHostLength = 253

    /// The address as the server wrote it.
    public let text: String
    /// The host, in lower case, without a port.
    public let host: String

    /// - Returns: `nil` for another scheme, an address without a host or with the name of a user, characters that a URI
    ///   doesn't have (such as letters of other scripts in the host, which look like Latin ones), and a backslash, which
    ///   browsers take for a slash.
    public init?(_ text: String) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
            let colon = text.firstIndex(of: ":"), ["http", "https"].contains(text[..<colon].lowercased()),
            text[colon...].hasPrefix("://")
        else { return nil }
        let authority = text[colon...].dropFirst(3).prefix { !"/?#".contains($0) }
        guard let host = Self.host(of: authority) else { return nil }
        self.text = text
        self.host = host
    }

    private static func host(of authority: Substring) -> String? {
        var host = authority
        if let last = authority.lastIndex(of: ":"), authority[last...].dropFirst().allSatisfy(\.isNumber) {
            host = authority[..<last]
        }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let isValid = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"): isBracketed
            default: false
            }
        }
        let isEmpty = host.allSatisfy { $0 == "." }
        return isValid && !isEmpty && host.utf8.count <= maxHostLength ? host.lowercased() : nil
    }
}
