/// The field `tracestate` of W3C Trace Context.
enum TraceState {
    private static let maxMembers = 32
    private static let maxBytes = 512
    private static let maxKey = 256
    private static let maxValue = 256

    /// Returns a field as it is passed on, without blanks around its members; `nil` if it is invalid or too long.
    static func valid(_ text: String) -> String? {
        guard text.utf8.count <= maxBytes else { return nil }
        var keys: Set<String> = []
        var members: [String] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let member = part.trimmed
            if member.isEmpty { continue }
            guard let equals = member.firstIndex(of: "=") else { return nil }
            let key = String(member[..<equals])
            guard isKey(key), isValue(member[member.index(after: equals)...]), keys.insert(key).inserted else {
                return nil
            }
            members.append(String(member))
        }
        return members.count <= maxMembers ? members.joined(separator: ",") : nil
    }

    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard let first = bytes.first, bytes.count <= maxKey, isLowerOrDigit(first) else { return false }
        return bytes.allSatisfy { isLowerOrDigit($0) || "_-*/@".utf8.contains($0) }
            && bytes.count(where: { $0 == UInt8(ascii: "@") }) <= 1
    }

    private static func isValue(_ value: Substring) -> Bool {
        let bytes = value.utf8
        // A comma would end the member, and blanks at its end were removed.
        return !bytes.isEmpty && bytes.count <= maxValue
            && bytes.allSatisfy { 0x20...0x7E ~= $0 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}

extension Substring {
    /// The text without spaces and tabs at its ends.
    var trimmed: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
