/// Portable Network Graphics (RFC 2083): chunks, each with a checksum.
enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func size(in reader: ByteReader) throws(PictureError) -> PictureSize {
        guard reader.count > signature.count else { throw reader.cutOff }
        guard try reader.big(8, 4) == 13, reader.has("IHDR", at: 12) else {
            throw PictureError(reason: "a PNG without a header")
        }
        let size = (width: try reader.big(16, 4), height: try reader.big(20, 4))
        var place = signature.count
        var hasData = false
        while true {
            let length = try reader.big(place, 4)
            let end = place + 8 + length
            guard try reader.big(end, 4) == Int(Checksum.of(reader.bytes[(place + 4)..<end])) else {
                throw PictureError(reason: "a damaged PNG: a checksum is wrong")
            }
            if reader.has("IDAT", at: place + 4) { hasData = true }
            if reader.has("IEND", at: place + 4) { break }
            place = end + 4
        }
        guard hasData else { throw PictureError(reason: "a PNG without data") }
        return size
    }

    /// CRC-32, as in the appendix of RFC 2083.
    private enum Checksum {
        private static let table: [UInt32] = (0..<256).map { number in
            (0..<8).reduce(UInt32(number)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }

        static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 {
            table.withUnsafeBufferPointer { table in
                ~bytes.withUnsafeBufferPointer { bytes in
                    bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
                }
            }
        }
    }
}
