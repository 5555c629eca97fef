/// The bytes of YAML's syntax.
enum Ascii {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space = UInt8(ascii: " ")
    static let comment = UInt8(ascii: "#")
    static let colon = UInt8(ascii: ":")
    static let comma = UInt8(ascii: ",")
    static let dash = UInt8(ascii: "-")
    static let question = UInt8(ascii: "?")
    static let doubleQuote = UInt8(ascii: "\"")
    static let singleQuote = UInt8(ascii: "'")
    static let backslash = UInt8(ascii: "\\")
    static let openList = UInt8(ascii: "[")
    static let closeList = UInt8(ascii: "]")
    static let openMap = UInt8(ascii: "{")
    static let anchor = UInt8(ascii: "&")
    static let alias = UInt8(ascii: "*")
    static let closeMap = UInt8(ascii: "}")

    /// Whether the byte is white space within a line.
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == space || byte == tab
    }

    /// Whether a word ends here: at white space or the end of the line.
    static func isBlankOrEnd(_ byte: UInt8?) -> Bool {
        byte.map(isBlank) ?? true
    }

    /// Whether the byte has a special meaning inside `[…]` and `{…}`.
    static func isFlowIndicator(_ byte: UInt8) -> Bool {
        switch byte {
        case comma, openList, closeList, openMap, closeMap: true
        default: false
        }
    }
}
