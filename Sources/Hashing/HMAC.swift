/// HMAC-SHA256 (RFC 2104): without the key, nobody can create a code or change the authenticated message.
public enum HMAC {
    private static let blockSize = 64

    /// A key that many messages are authenticated with: what depends on it alone is computed once.
    public struct Key: Sendable {
        private let inner: SHA256
        private let outer: SHA256

        /// Creates the key from its bytes.
        public init(_ bytes: [UInt8]) {
            var block = bytes.count > HMAC.blockSize ? SHA256.digest(of: bytes) : bytes
            block += [UInt8](repeating: 0, count: HMAC.blockSize - block.count)
            var (inner, outer) = (SHA256(), SHA256())
            inner.update(block.map { $0 ^ 0x36 })
            outer.update(block.map { $0 ^ 0x5C })
            (self.inner, self.outer) = (inner, outer)
        }

        /// Returns the authentication code of `message`, 32 bytes.
        public func sha256(of message: [UInt8]) -> [UInt8] {
            var (inner, outer) = (inner, outer)
            inner.update(message)
            outer.update(inner.digest)
            return outer.digest
        }
    }

    /// Returns the authentication code of `message`, 32 bytes.
    public static func sha256(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        Key(key).sha256(of: message)
    }

    /// Whether two codes are equal. Constant time: the duration depends only on their lengths.
    public static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        var difference: UInt8 = 0
        for place in first.indices { difference |= first[place] ^ second[place] }
        return difference == 0
    }
}
