/// Why bytes aren't a picture that can be sent to a model; completes the phrase "it is …".
struct PictureError: Error, Equatable {
    let reason: String
}

/// A picture's dimensions, in one of the four formats that model APIs accept. It isn't decoded, but scanned to its end,
/// because the APIs reject truncated pictures.
struct Picture: Equatable {
    let mediaType: String
    /// In pixels.
    let width: Int
    /// In pixels.
    let height: Int

    /// - Throws: ``PictureError`` if the bytes aren't a complete picture in a known format.
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
            throw PictureError(reason: "not a PNG, JPEG, GIF or WebP")
        }
        guard size.width > 0, size.height > 0 else { throw PictureError(reason: "without a size") }
        (width, height) = (size.width, size.height)
    }
}

typealias PictureSize = (width: Int, height: Int)

/// Bounds-checked access to the integers in a byte string.
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

    /// Reads a big-endian integer of `length` bytes.
    func big(_ place: Int, _ length: Int) throws(PictureError) -> Int {
        guard place + length <= bytes.count else { throw cutOff }
        return bytes[place..<(place + length)].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Reads a little-endian integer of `length` bytes.
    func little(_ place: Int, _ length: Int) throws(PictureError) -> Int {
        guard place + length <= bytes.count else { throw cutOff }
        return bytes[place..<(place + length)].reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    var cutOff: PictureError { PictureError(reason: "truncated after \(bytes.count) bytes") }
}
