/// An in-memory tar archive (POSIX.1-1988, ustar), the format of an engine's build context.
struct TarArchive {
    private static let blockSize = 512

    private var content: [UInt8] = []

    /// Adds a regular file that everybody may read. The output is deterministic, so that the engine's cache recognizes
    /// it.
    ///
    /// - Parameter name: at most 99 bytes, ASCII.
    mutating func add(_ name: String, _ bytes: [UInt8]) {
        var header = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at place: Int, width: Int) {
            header.replaceSubrange(place..<place + width, with: Self.field(text, width: width))
        }
        put(name, at: 0, width: 100)
        put("0000644\0", at: 100, width: 8)
        put("0000000\0", at: 108, width: 8)
        put("0000000\0", at: 116, width: 8)
        put(Self.octal(bytes.count, digits: 11), at: 124, width: 12)
        put(Self.octal(0, digits: 11), at: 136, width: 12)
        // The checksum counts its own field as blanks.
        put("        ", at: 148, width: 8)
        put("0", at: 156, width: 1)
        put("ustar\u{0}00", at: 257, width: 8)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(Self.octal(sum, digits: 6) + "\0 ", at: 148, width: 8)
        content += header + bytes + [UInt8](repeating: 0, count: -bytes.count & (Self.blockSize - 1))
    }

    /// The archive with its end marker.
    var bytes: [UInt8] {
        content + [UInt8](repeating: 0, count: 2 * Self.blockSize)
    }

    private static func field(_ text: String, width: Int) -> [UInt8] {
        let bytes = Array(text.utf8.prefix(width))
        return bytes + [UInt8](repeating: 0, count: width - bytes.count)
    }

    private static func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
