import Hashing

/// The key of one sandbox's channel. The server makes it, and sends it before anything else, over the guest's standard
/// input, which no engine records.
///
/// Nothing is hidden or authenticated with it directly: each direction has two keys that are derived from it, so that
/// what one side sends is never valid coming from the other.
package struct SealKey: Sendable {
    /// A direction of the channel.
    package enum Direction: String, Sendable, CaseIterable {
        case fromGuest = "guest"
        case fromServer = "server"
    }

    static let size = 32
    /// Separates this use of the hash from all others.
    static let personalization = Array("exec-mcp sealing".utf8)

    private let bytes: [UInt8]

    /// Makes a new random key.
    package init() {
        var generator = SystemRandomNumberGenerator()
        bytes = (0..<Self.size).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// A key of these bytes; `nil` if there are more or fewer than a key has.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        self.bytes = bytes
    }

    /// The key as lowercase hexadecimal digits.
    var hexDigits: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The hash that gives the key streams of a direction, once it has also got a record's number.
    func stream(_ direction: Direction) -> SHAKE256 {
        var stream = SHAKE256()
        stream.update(derived("\(direction.rawValue) stream", size: 32))
        return stream
    }

    /// The hash that gives the tags of a direction, once it has also got what a tag is for.
    func tags(_ direction: Direction) -> BLAKE2b {
        BLAKE2b(size: SealedRecord.tagSize, key: derived("\(direction.rawValue) tag", size: 32))
    }

    private func derived(_ label: String, size: Int) -> [UInt8] {
        var hash = BLAKE2b(size: size, key: bytes, personalization: Self.personalization)
        hash.update(Array(label.utf8))
        return hash.digest
    }
}
