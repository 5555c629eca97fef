import JSON

/// Splits the output of a program that prints JSON objects one after the other.
struct JSONStream {
    /// The longest object, in bytes.
    private static let limit = 8 << 20

    private var scanner = JSONScanner()
    private var bytes: [UInt8] = []

    /// Takes the next bytes.
    ///
    /// - Returns: the objects that they complete. What isn't JSON is left out.
    mutating func add(_ piece: UnsafeRawBufferPointer) -> [JSON] {
        var objects: [JSON] = []
        for byte in piece {
            // Between two objects is only white space.
            if bytes.isEmpty, byte != UInt8(ascii: "{") { continue }
            bytes.append(byte)
            let isEnd = scanner.advance(over: byte) == .close && scanner.depth == 0
            guard isEnd || bytes.count > Self.limit else { continue }
            if let object = try? JSON.parse(bytes) { objects.append(object) }
            bytes = []
            scanner = JSONScanner()
        }
        return objects
    }
}
