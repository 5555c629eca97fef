/// Portable Network Graphics (RFC 2083): chunks, each with a checksum.
enum PNG {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func size(in reader: ByteReader) throws(PictureError) -> PictureSize {
        guard reader.count > signature.count else { throw reader.cutOff }
        guard try reader.big(8, 4) == 13, reader.has("IHDR", at: 12) else {
            throw PictureError(reason: "a PNG without a head")
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

/// JPEG (ITU-T T.81): segments introduced by markers, and entropy-coded data after the last of them.
enum JPEG {
    /// Start-of-frame markers; the excluded values in this range have other meanings.
    private static let frames = Set(0xC0...0xCF).subtracting([0xC4, 0xC8, 0xCC])
    private static let scan = 0xDA

    static func size(in reader: ByteReader) throws(PictureError) -> PictureSize {
        var size: PictureSize?
        var place = 2
        while true {
            guard try reader.byte(place) == 0xFF else { throw PictureError(reason: "a damaged JPEG") }
            let marker = try reader.byte(place + 1)
            if marker == 0xFF {
                place += 1
                continue
            }
            if frames.contains(marker) {
                size = (width: try reader.big(place + 7, 2), height: try reader.big(place + 5, 2))
            }
            let length = try reader.big(place + 2, 2)
            guard length >= 2 else { throw PictureError(reason: "a damaged JPEG") }
            place += 2 + length
            if marker == scan { break }
        }
        guard let size else { throw PictureError(reason: "a JPEG without a size") }
        guard hasEnd(reader, from: place) else { throw reader.cutOff }
        return size
    }

    /// Whether the end marker follows this position. Within the data itself, 0xFF is always followed by zero.
    private static func hasEnd(_ reader: ByteReader, from place: Int) -> Bool {
        var last: UInt8 = 0
        for byte in reader.bytes[min(place, reader.count)...].reversed() {
            if byte == 0xFF, last == 0xD9 { return true }
            last = byte
        }
        return false
    }
}

/// Graphics Interchange Format: blocks up to a trailer.
enum GIF {
    static func size(in reader: ByteReader) throws(PictureError) -> PictureSize {
        let size = (width: try reader.little(6, 2), height: try reader.little(8, 2))
        var place = 13 + colorTable(try reader.byte(10))
        var hasImage = false
        while true {
            switch try reader.byte(place) {
            case 0x3B:
                guard hasImage else { throw PictureError(reason: "a GIF without an image") }
                return size
            case 0x21:
                place = try skipBlocks(reader, from: place + 2)
            case 0x2C:
                hasImage = true
                place = try skipBlocks(reader, from: place + 11 + colorTable(try reader.byte(place + 9)))
            default: throw PictureError(reason: "a damaged GIF")
            }
        }
    }

    private static func colorTable(_ flags: Int) -> Int { flags & 0x80 == 0 ? 0 : 3 << (flags & 7 + 1) }

    private static func skipBlocks(_ reader: ByteReader, from start: Int) throws(PictureError) -> Int {
        var place = start
        while case let length = try reader.byte(place), length > 0 { place += 1 + length }
        return place + 1
    }
}

/// WebP (RFC 9649): a RIFF file whose first chunk contains the dimensions.
enum WebP {
    static func size(in reader: ByteReader) throws(PictureError) -> PictureSize {
        guard try reader.little(4, 4) + 8 <= reader.count else { throw reader.cutOff }
        if reader.has("VP8X", at: 12) {
            return (width: try reader.little(24, 3) + 1, height: try reader.little(27, 3) + 1)
        }
        if reader.has("VP8L", at: 12), try reader.byte(20) == 0x2F {
            let bits = try reader.little(21, 4)
            return (width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1)
        }
        if reader.has("VP8 ", at: 12), reader.has([0x9D, 0x01, 0x2A], at: 23) {
            return (width: try reader.little(26, 2) & 0x3FFF, height: try reader.little(28, 2) & 0x3FFF)
        }
        throw PictureError(reason: "a damaged WebP")
    }
}
