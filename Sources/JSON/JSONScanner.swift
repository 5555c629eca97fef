/// An incremental scanner that tracks the structure of JSON text without parsing its values. Tolerates invalid text,
/// stores no text and never recurses: any input takes linear time and constant memory.
public struct JSONScanner: Sendable {
    /// The role of a byte.
    public enum Role: Sendable {
        /// Part of a string, its quotation marks included.
        case string
        /// Opens an array or object, which ``JSONScanner/depth`` already includes.
        case open
        /// Closes an array or object, which the depth no longer includes.
        case close
        /// Anything else: part of a number or word, a comma, a colon, white space.
        case other
    }

    /// The number of open arrays and objects; negative if more were closed than opened. The kinds of brackets aren't
    /// compared.
    public private(set) var depth = 0
    /// Whether the next byte belongs to a string.
    public private(set) var isInString = false
    fileprivate var isEscaped = false

    /// A scanner outside any value.
    public init() {}

    /// Advances over the next byte and returns its role.
    @discardableResult public mutating func advance(over byte: UInt8) -> Role {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return .string
        }
        switch byte {
        case UInt8(ascii: "\""):
            isInString = true
            return .string
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            depth += 1
            return .open
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            depth -= 1
            return .close
        default: return .other
        }
    }
}

extension JSON {
    /// Finds the end of an array or object in text that may contain anything else around it.
    ///
    /// - Parameters:
    ///   - text: UTF-8 text.
    ///   - start: the index of the opening bracket.
    /// - Returns: the index after the matching closing bracket; `nil` if none.
    public static func endOfValue(in text: [UInt8], from start: Int) -> Int? {
        var scanner = JSONScanner()
        var place = start
        while place < text.count {
            if scanner.advance(over: text[place]) == .close, scanner.depth == 0 { return place + 1 }
            place += 1
        }
        return nil
    }

    /// Repairs common faults in strings: replaces invalid UTF-8 with U+FFFD and escapes control characters.
    ///
    /// - Parameter text: the text that ``parse(_:_:valueLimit:)-(Collection,_,_)`` rejected.
    /// - Returns: the text, unchanged if there is nothing to repair.
    public static func repairingStrings(in text: [UInt8]) -> [UInt8] {
        let text =
            String(validating: text, as: UTF8.self) == nil ? Array(String(decoding: text, as: UTF8.self).utf8) : text
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var scanner = JSONScanner()
        for byte in text {
            let isEscaped = scanner.isEscaped
            if scanner.advance(over: byte) == .string, byte < 0x20, !isEscaped {
                result += Array("\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))".utf8)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}
