import Hashing

/// Opens the records of one direction, in their order. Its buffer is bounded by the longest record and one read.
package struct RecordOpener: Sendable {
    private let stream: SHAKE256
    private let tags: BLAKE2b
    private var number: UInt64
    private var buffer: [UInt8] = []

    /// - Parameter number: the number of the first record.
    package init(_ key: SealKey, _ direction: SealKey.Direction, number: UInt64 = 0) {
        stream = key.stream(direction)
        tags = key.tags(direction)
        self.number = number
    }

    /// The bytes since the last complete record. After a violation, also the records before it in the same chunk.
    var unread: [UInt8] { buffer }

    /// Calls `body` with the piece of each record that `bytes` completes, once its tag is verified.
    ///
    /// - Throws: ``ChannelError`` for anything but the next record of the other side, and any error that `body` throws.
    package mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(ChannelError) -> Void
    ) throws(ChannelError) {
        buffer.append(contentsOf: bytes)
        var start = 0
        while buffer.count - start >= SealedRecord.headerSize {
            let length = buffer[start..<start + SealedRecord.headerSize].reduce(0) { $0 << 8 | Int($1) }
            guard (1...SealedRecord.maxPiece).contains(length), number < SealedRecord.maxRecords else {
                // Before the first record, it may be text of the engine.
                throw number == 0 ? ChannelError(reason: "announced a record of \(length) bytes") : .brokenSeal
            }
            let tagPlace = start + SealedRecord.headerSize + length
            let end = tagPlace + SealedRecord.tagSize
            guard buffer.count >= end else { break }
            var piece = try verified(start, tagPlace, end)
            piece.withUnsafeMutableBytes { SealedRecord.combine(stream, number: number, with: $0) }
            number += 1
            start = end
            try piece.withUnsafeBufferPointer { (piece) throws(ChannelError) in try body(UnsafeRawBufferPointer(piece))
            }
        }
        buffer.removeFirst(start)
    }

    /// The piece of a record as it was sent, if its tag fits.
    private func verified(_ start: Int, _ tagPlace: Int, _ end: Int) throws(ChannelError) -> [UInt8] {
        let tag = buffer.withUnsafeBytes {
            SealedRecord.tag(tags, number: number, of: UnsafeRawBufferPointer(rebasing: $0[start..<tagPlace]))
        }
        guard HMAC.areEqual(tag, Array(buffer[tagPlace..<end])) else { throw ChannelError.brokenSeal }
        return Array(buffer[start + SealedRecord.headerSize..<tagPlace])
    }
}
