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
