import Hashing

/// The service's API keys.
struct APIKeys: Sendable {
    private let digests: [[UInt8]]
    private let keys: [APIKey]

    /// - Parameter entries: see ``APIKey/init(parsing:)``.
    init(_ entries: [String]) {
        keys = entries.map(APIKey.init(parsing:))
        // Digests have a fixed length, whatever the length of the key.
        digests = keys.map { Array(SHA256.hexDigest(of: $0.text).utf8) }
    }

    var isEmpty: Bool { digests.isEmpty }

    /// Returns the index of the key in an `Authorization` field, in constant time: the time does not reveal how much
    /// of a key is right or which one it is.
    func number(of field: String?) -> Int? {
        let key = Self.bearer(field)
        let digest = Array(SHA256.hexDigest(of: key ?? "").utf8)
        var found = -1
        for (number, known) in digests.enumerated() {
            var difference: UInt8 = 0
            for place in 0..<min(known.count, digest.count) { difference |= known[place] ^ digest[place] }
            // -1 if there is a difference, else 0.
            let isOther = (0 &- Int(difference)) >> (Int.bitWidth - 1)
            found = (found & isOther) | (number & ~isOther)
        }
        return key == nil || found < 0 ? nil : found
    }

    /// Returns the key in an `Authorization` field; `nil` if no key is required, or if it isn't a known one.
    func key(of field: String?) -> APIKey? { number(of: field).map { keys[$0] } }

    private static func bearer(_ field: String?) -> String? {
        guard let field else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1].drop { $0 == " " })
    }
}
