/// Writes a ZIP archive piece by piece, without compression.
struct ZipArchive: Sendable {
    /// Maximum number of files, and of bytes: beyond them, the format needs its 64-bit extension.
    static let maxFiles = 65_535
    static let maxBytes = 4_000_000_000

    private struct Entry: Sendable {
        let name: [UInt8]
        let sum: UInt32
        let size: Int
        let offset: Int
    }

    /// Version 2.0 of the format, names in UTF-8, the first day that a date of the format can express.
    private static let version: UInt16 = 20
    private static let nameFlag: UInt16 = 1 << 11
    private static let date: UInt16 = 1 << 5 | 1

    private var entries: [Entry] = []
    private var names: Set<String> = []
    private(set) var size = 0

    /// Returns the bytes that begin a file; its content follows.
    ///
    /// - Parameter name: any text; made safe and unique, as other programs may unpack it.
    /// - Returns: `nil` if the archive is full.
    mutating func begin(_ name: String, _ content: [UInt8]) -> [UInt8]? {
        guard entries.count < Self.maxFiles, size + content.count < Self.maxBytes else { return nil }
        let entry = Entry(
            name: Array(unique(SafeFileName.of(name)).utf8), sum: CRC32.of(content), size: content.count, offset: size)
        entries.append(entry)
        let head = Self.bytes(0x0403_4B50 as UInt32) + Self.fields(of: entry) + entry.name
        size += head.count + content.count
        return head
    }

    /// Returns the bytes that end the archive.
    func end() -> [UInt8] {
        var directory: [UInt8] = []
        for entry in entries {
            directory += Self.bytes(0x0201_4B50 as UInt32) + Self.bytes(Self.version) + Self.fields(of: entry)
            // No comment, first disk, no attributes.
            directory += [UInt8](repeating: 0, count: 10) + Self.bytes(UInt32(entry.offset)) + entry.name
        }
        let count = UInt16(entries.count)
        return directory + Self.bytes(0x0605_4B50 as UInt32) + [0, 0, 0, 0] + Self.bytes(count) + Self.bytes(count)
            + Self.bytes(UInt32(directory.count)) + Self.bytes(UInt32(size)) + [0, 0]
    }

    private mutating func unique(_ name: String) -> String {
        var candidate = name
        var number = 2
        // Many file systems do not distinguish case.
        while !names.insert(candidate.lowercased()).inserted {
            candidate = SafeFileName.numbered(name, number)
            number += 1
        }
        return candidate
    }

    private static func fields(of entry: Entry) -> [UInt8] {
        bytes(version) + bytes(nameFlag) + bytes(0 as UInt16) + bytes(0 as UInt16) + bytes(date) + bytes(entry.sum)
            + bytes(UInt32(entry.size)) + bytes(UInt32(entry.size)) + bytes(UInt16(entry.name.count))
            + bytes(0 as UInt16)
    }

    private static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number & 0xFF), UInt8(number >> 8)] }
    private static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}

/// The checksum of ZIP archives (ISO 3309).
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    static func of(_ bytes: [UInt8]) -> UInt32 {
        table.withUnsafeBufferPointer { table in
            ~bytes.reduce(~0 as UInt32) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
        }
    }
}
