/// Incremental parser that turns terminal input into keys; does no I/O.
struct KeyParser {
    /// Default maximum size of a paste in bytes.
    static let usualPasteLimit = 1 << 20
    /// Maximum length of a key's escape sequence in bytes.
    private static let sequenceLimit = 64
    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    private let pasteLimit: Int
    /// Bytes that don't form a key yet.
    private var pending: [UInt8] = []
    /// The current paste; `nil` outside of one.
    private var paste: [UInt8]?
    /// The last bytes of the paste, and its total size including dropped bytes.
    private var pasteTail: [UInt8] = []
    private var pasteSize = 0

    /// - Parameter pasteLimit: maximum size of a paste in bytes; the rest is dropped.
    init(pasteLimit: Int = usualPasteLimit) {
        self.pasteLimit = pasteLimit
    }

    /// Timeout for the rest of an incomplete input, in milliseconds; `nil` if none. After that, a sequence is
    /// a lone Escape, and a paste has lost its end.
    var keyTimeout: Int32? { paste != nil ? 2000 : pending.first == 0x1B ? 500 : nil }

    /// Parses the next bytes.
    mutating func parse(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        // Characters that arrive together become one text.
        var text = ""
        func add(_ key: Key) {
            if case .text(let more) = key { return text += more }
            if !text.isEmpty { keys.append(.text(text)) }
            text = ""
            keys.append(key)
        }
        for byte in bytes {
            if paste != nil {
                for key in parsePasted(byte) { add(key) }
            } else {
                pending.append(byte)
                if let key = next() { add(key) }
            }
        }
        if !text.isEmpty { keys.append(.text(text)) }
        return keys
    }

    /// Ends incomplete input after the timeout.
    mutating func giveUpWaiting() -> [Key] {
        guard keyTimeout != nil else { return [] }
        if let paste { return endPaste(paste, of: pasteSize) }
        let isEscape = pending == [0x1B]
        pending = []
        return isEscape ? [.escape] : []
    }

    // MARK: Pastes

    private mutating func parsePasted(_ byte: UInt8) -> [Key] {
        pasteTail.append(byte)
        if pasteTail.count > Self.pasteEnd.count { pasteTail.removeFirst() }
        pasteSize += 1
        // The end marker isn't part of the paste.
        if pasteSize <= pasteLimit + Self.pasteEnd.count { paste?.append(byte) }
        guard byte == Self.pasteEnd.last, pasteTail == Self.pasteEnd, var content = paste else { return [] }
        content.removeLast(Self.pasteEnd.count)
        return endPaste(content, of: pasteSize - Self.pasteEnd.count)
    }

    private mutating func endPaste(_ content: [UInt8], of size: Int) -> [Key] {
        (paste, pasteTail, pasteSize) = (nil, [], 0)
        let pasted = Key.paste(Self.text(of: content.prefix(pasteLimit)))
        return size > pasteLimit ? [pasted, .pasteCut] : [pasted]
    }

    private static func text(of pasted: ArraySlice<UInt8>) -> String {
        var lines: [UInt8] = []
        lines.reserveCapacity(pasted.count)
        // A terminal sends line ends as carriage returns, like Enter.
        for (place, byte) in zip(pasted.indices, pasted) {
            if byte == 0x0A, place > pasted.startIndex, pasted[place - 1] == 0x0D { continue }
            lines.append(byte == 0x0D ? 0x0A : byte)
        }
        return SanitizedText.of(String(decoding: lines, as: UTF8.self))
    }

    // MARK: Keys

    /// Returns the key formed by the pending bytes; `nil` if they form none, or are incomplete.
    private mutating func next() -> Key? {
        guard let first = pending.first else { return nil }
        switch first {
        case 0x1B: return sequence()
        case 0x00..<0x20, 0x7F:
            pending = []
            return Self.control(first)
        case 0x20..<0x7F:
            pending = []
            return .text(String(Unicode.Scalar(first)))
        default: return letter()
        }
    }

    private static func control(_ byte: UInt8) -> Key {
        switch byte {
        case 0x08, 0x7F: .backspace
        case 0x09: .tab
        case 0x0A, 0x0D: .enter
        default: .control(Character(Unicode.Scalar(byte + 0x40)))
        }
    }

    /// Returns a multi-byte character once it is complete.
    private mutating func letter() -> Key? {
        let length =
            switch pending[0] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        if let last = pending.last, pending.count > 1, last & 0xC0 != 0x80 {
            // The character was truncated, and another key follows.
            pending = [last]
            return next()
        }
        guard pending.count >= length else { return nil }
        defer { pending = [] }
        let text = SanitizedText.of(String(decoding: pending, as: UTF8.self))
        return text.isEmpty ? nil : .text(text)
    }

    private mutating func sequence() -> Key? {
        guard pending.count > 1 else { return nil }
        guard pending.count <= Self.sequenceLimit else {
            pending = []
            return nil
        }
        switch pending[1] {
        // Some terminals send Alt as an additional Escape.
        case 0x1B: pending.removeFirst()
        case UInt8(ascii: "["): return commandSequence()
        case UInt8(ascii: "O"):
            guard pending.count > 2 else { return nil }
            defer { pending = [] }
            // Enter of the keypad.
            return pending[2] == UInt8(ascii: "M") ? .enter : Self.named(pending[2], [])
        case 0x0A, 0x0D: return done(.newline)
        case 0x08, 0x7F: return done(.deleteWord)
        case 0x20..<0x7F: return done(.alt(Character(Unicode.Scalar(pending[1]))))
        case 0x80...: pending.removeFirst()
        default: pending = []
        }
        return nil
    }

    private mutating func done(_ key: Key) -> Key {
        pending = []
        return key
    }

    private mutating func commandSequence() -> Key? {
        guard pending.count > 2, let last = pending.last else { return nil }
        switch last {
        case 0x20..<0x40: return nil
        // Function keys of the Linux console: one more letter follows.
        case UInt8(ascii: "[") where pending.count == 3: return nil
        case 0x40..<0x7F: break
        default:
            // Not part of a sequence: a key of its own.
            pending = [last]
            return next()
        }
        let parameters = String(decoding: pending[2..<(pending.count - 1)], as: UTF8.self)
            .split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        pending = []
        if last == UInt8(ascii: "~"), parameters.first == 200 {
            paste = []
            return nil
        }
        return Self.named(last, parameters)
    }

    private static func named(_ final: UInt8, _ parameters: [Int]) -> Key? {
        let hasModifier = parameters.count > 1 && parameters[1] > 2
        switch (Character(Unicode.Scalar(final)), parameters.first ?? 0) {
        case ("A", _): return .up
        case ("B", _): return .down
        case ("C", _): return hasModifier ? .wordRight : .right
        case ("D", _): return hasModifier ? .wordLeft : .left
        case ("H", _), ("~", 1), ("~", 7): return .home
        case ("F", _), ("~", 4), ("~", 8): return .end
        case ("~", 3): return hasModifier ? .deleteNextWord : .delete
        case ("u", 13): return .newline
        case ("~", 27) where parameters.last == 13: return .newline
        default: return nil
        }
    }
}
