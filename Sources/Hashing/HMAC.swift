/// HMAC-SHA256 (RFC 2104): without the key, nobody can create a code or change the authenticated message.
public enum HMAC {
    private static let blockSize = 64

    /// Returns the authentication code of `message`, 32 bytes.
    public static func sha256(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var block = key.count > blockSize ? SHA256.digest(of: key) : key
        block += [UInt8](repeating: 0, count: blockSize - block.count)
        let inner = SHA256.digest(of: block.map { $0 ^ 0x36 } + message)
        return SHA256.digest(of: block.map { $0 ^ 0x5C } + inner)
    }

    /// Whether two codes are equal. Constant time: the duration depends only on their lengths.
    public static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        var difference: UInt8 = 0
        for place in first.indices { difference |= first[place] ^ second[place] }
        return difference == 0
    }
}
