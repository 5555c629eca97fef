/// Why bytes are no picture that a model can be shown; as the end of "it is …".
struct PictureError: Error, Equatable {
    let reason: String
}

/// What the head of a picture says, of the four formats that model APIs take. It is not decoded, but walked through to
/// its end: a picture that breaks off is refused by the APIs.
struct Picture: Equatable {
    let mediaType: String
    /// Pixels.
    let width: Int
    /// Pixels.
    let height: Int

    /// - Throws: ``PictureError`` for what is no whole picture of a known format.
    init(_ bytes: [UInt8]) throws(PictureError) {
        let reader = ByteReader(bytes)
        let size: PictureSize
        if reader.has(PNG.signature, at: 0) {
            (mediaType, size) = ("image/png", try PNG.size(in: reader))
        } else if reader.has([0xFF, 0xD8, 0xFF], at: 0) {
            (mediaType, size) = ("image/jpeg", try JPEG.size(in: reader))
        } else if reader.has("GIF87a", at: 0) || reader.has("GIF89a", at: 0) {
            (mediaType, size) = ("image/gif", try GIF.size(in: reader))
        } else if reader.has("RIFF", at: 0), reader.has("WEBP", at: 8) {
            (mediaType, size) = ("image/webp", try WebP.size(in: reader))
        } else {
            throw PictureError(reason: "no PNG, JPEG, GIF or WebP")
        }
        guard size.width > 0, size.height > 0 else { throw PictureError(reason: "without a size") }
        (width, height) = (size.width, size.height)
    }
}

typealias PictureSize = (width: Int, height: Int)

/// Numbers at places of a text of bytes, where there are any.
struct ByteReader {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var count: Int { bytes.count }

    func has(_ text: String, at place: Int) -> Bool { has(Array(text.utf8), at: place) }

    func has(_ expected: [UInt8], at place: Int) -> Bool {
        place + expected.count <= bytes.count && bytes[place..<(place + expected.count)].elementsEqual(expected)
    }

    func byte(_ place: Int) throws(PictureError) -> Int { try big(place, 1) }

    /// A big-endian number of `length` bytes.
    func big(_ place: Int, _ length: Int) throws(PictureError) -> Int {
        guard place + length <= bytes.count else { throw cutOff }
        return bytes[place..<(place + length)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// A little-endian number of `length` bytes.
    func little(_ place: Int, _ length: Int) throws(PictureError) -> Int {
        guard place + length <= bytes.count else { throw cutOff }
        return bytes[place..<(place + length)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    var cutOff: PictureError { PictureError(reason: "not whole: it breaks off after \(bytes.count) bytes") }
}
