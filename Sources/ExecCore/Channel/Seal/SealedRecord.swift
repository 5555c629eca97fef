import Hashing

/// What a sealed channel consists of, in either direction: a piece of the unsealed channel. Without the key it can't be
/// read, and a record that is changed, repeated, inserted or left out is noticed. `guest/seal.py` is the other side.
///
/// Wire format: the length of the piece (4 bytes, big-endian), the piece, combined by exclusive or with a key stream,
/// and a tag (``tagSize`` bytes).
///
/// - Each direction has a stream key and a tag key of its own, derived from the sandbox's key: the BLAKE2b digest
///   (32 bytes) of `guest stream`, `guest tag`, `server stream` or `server tag`, keyed with the sandbox's key and
///   personalized with ``SealKey/personalization``.
/// - Records are numbered in each direction, from 0. The number isn't sent; it is 8 bytes long, big-endian.
/// - The key stream is the output of SHAKE-256 for the stream key and the number.
/// - The tag is the BLAKE2b digest, keyed with the tag key, of the number, the length and the piece as sent.
///
/// Frames know nothing of it: a record may hold several of them, or a part of one.
enum SealedRecord {
    static let headerSize = 4
    static let tagSize = 16
    /// The longest piece, in bytes.
    static let maxPiece = 1 << 16
    /// How many records one key serves in each direction.
    static let maxRecords: UInt64 = 1 << 48

    /// Computes the tag of a record.
    ///
    /// - Parameters:
    ///   - tags: the keyed hash of its direction.
    ///   - record: its length and its piece, as sent.
    static func tag(_ tags: BLAKE2b, number: UInt64, of record: UnsafeRawBufferPointer) -> [UInt8] {
        var hash = tags
        withUnsafeBytes(of: number.bigEndian) { hash.update($0) }
        hash.update(record)
        return hash.digest
    }

    /// Hides a piece, or reveals it.
    ///
    /// - Parameter stream: the keyed hash of its direction.
    static func combine(_ stream: SHAKE256, number: UInt64, with piece: UnsafeMutableRawBufferPointer) {
        var hash = stream
        withUnsafeBytes(of: number.bigEndian) { hash.update($0) }
        var output = hash.output
        output.combine(with: piece)
    }
}
