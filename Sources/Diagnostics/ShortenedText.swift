extension String {
    /// Returns the text with its middle left out if it has more than `limit` bytes of UTF-8: its beginning and its end,
    /// where messages have their remedy. Cuts between Unicode scalars.
    public func shortened(toBytes limit: Int) -> String {
        let bytes = Array(utf8)
        guard bytes.count > limit else { return self }
        let mark = " … "
        let kept = max(0, limit - mark.utf8.count)
        var head = kept * 2 / 3
        var tail = bytes.count - (kept - head)
        while head > 0, bytes[head].continuesCharacter { head -= 1 }
        while tail < bytes.count, bytes[tail].continuesCharacter { tail += 1 }
        return String(decoding: bytes[..<head], as: UTF8.self) + mark + String(decoding: bytes[tail...], as: UTF8.self)
    }

    /// Decodes UTF-8 whose end is missing. Leaves out a character that was cut.
    public init(beginning bytes: [UInt8]) {
        var end = bytes.count
        // The last character's first byte says how many it has.
        if let first = bytes.lastIndex(where: { !$0.continuesCharacter }),
            bytes.count - first < bytes[first].characterSize
        {
            end = first
        }
        self.init(decoding: bytes[..<end], as: UTF8.self)
    }
}

extension UInt8 {
    /// Whether it is a byte of UTF-8 after the first one of its character.
    fileprivate var continuesCharacter: Bool { self & 0xC0 == 0x80 }

    /// How many bytes a character has that begins with this one.
    fileprivate var characterSize: Int {
        switch self {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }
}
