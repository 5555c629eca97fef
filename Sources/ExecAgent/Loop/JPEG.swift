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
