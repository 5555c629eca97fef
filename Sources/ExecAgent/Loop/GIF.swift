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
