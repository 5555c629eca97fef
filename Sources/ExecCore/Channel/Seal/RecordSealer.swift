import Hashing

/// Makes the records of one direction.
package struct RecordSealer: Sendable {
    private let stream: SHAKE256
    private let tags: BLAKE2b
    private var number: UInt64

    /// - Parameter number: the number of the first record.
    package init(_ key: SealKey, _ direction: SealKey.Direction, number: UInt64 = 0) {
        stream = key.stream(direction)
        tags = key.tags(direction)
        self.number = number
    }

    /// Returns `bytes` as records.
    ///
    /// - Throws: ``SealExhaustedError`` instead of using a number again.
    package mutating func seal(_ bytes: [UInt8]) throws(SealExhaustedError) -> [UInt8] {
        let (header, tagSize) = (SealedRecord.headerSize, SealedRecord.tagSize)
        let count = (bytes.count + SealedRecord.maxPiece - 1) / SealedRecord.maxPiece
        guard number + UInt64(count) <= SealedRecord.maxRecords else { throw SealExhaustedError() }
        var records: [UInt8] = []
        records.reserveCapacity(bytes.count + count * (header + tagSize))
        for start in stride(from: 0, to: bytes.count, by: SealedRecord.maxPiece) {
            let end = min(start + SealedRecord.maxPiece, bytes.count)
            let record = records.count
            withUnsafeBytes(of: UInt32(end - start).bigEndian) { records.append(contentsOf: $0) }
            records.append(contentsOf: bytes[start..<end])
            records.withUnsafeMutableBytes {
                let piece = UnsafeMutableRawBufferPointer(rebasing: $0[(record + header)...])
                SealedRecord.combine(stream, number: number, with: piece)
            }
            let tag = records.withUnsafeBytes {
                SealedRecord.tag(tags, number: number, of: UnsafeRawBufferPointer(rebasing: $0[record...]))
            }
            records.append(contentsOf: tag)
            number += 1
        }
        return records
    }
}

/// One key has sealed as many records as it may: ``SealedRecord/maxRecords``.
package struct SealExhaustedError: Error, Equatable {}
