/// How a value may be written in other texts than the one that it was found in.
enum Spellings {
    /// Calls `use` with each spelling of a value, itself first; with some of them more than once.
    static func forEach(of value: [UInt8], kind: PrivateDataKind, _ use: ([UInt8]) -> Void) {
        use(value)
        forEachEscaped(value, kind, use)
        func add(_ other: [UInt8]) {
            guard other != value else { return }
            use(other)
            forEachEscaped(other, kind, use)
        }
        switch kind {
        case .email, .ip:
            add(value.map(\.lowercased))
            add(value.map(\.uppercased))
        case .iban:
            let compact = value.filter(\.isAlphanumeric)
            add(compact)
            add(grouped(compact, with: UInt8(ascii: " ")))
            add(grouped(compact, with: UInt8(ascii: "-")))
        default: break
        }
    }

    /// What of a value is escaped somewhere.
    private struct Signs {
        var hasOthers = false
        var hasQuotes = false
        var hasSpace = false
        var isEscapedInURLs = false
        var isEscapedInPaths = false
        var isEscapedInHTML = false

        init(of value: [UInt8]) {
            for byte in value where !byte.isAlphanumeric {
                switch byte {
                case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): continue
                case UInt8(ascii: "@"), UInt8(ascii: ":"): break
                case UInt8(ascii: "/"): hasQuotes = true
                case UInt8(ascii: "\\"): (hasQuotes, isEscapedInPaths) = (true, true)
                case UInt8(ascii: "\""): (hasQuotes, isEscapedInPaths, isEscapedInHTML) = (true, true, true)
                case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "'"):
                    (isEscapedInPaths, isEscapedInHTML) = (true, true)
                case 0x20: (hasSpace, isEscapedInPaths) = (true, true)
                case 0x80...: (hasOthers, isEscapedInPaths) = (true, true)
                default: isEscapedInPaths = true
                }
                isEscapedInURLs = true
            }
        }
    }

    private static func forEachEscaped(_ value: [UInt8], _ kind: PrivateDataKind, _ use: ([UInt8]) -> Void) {
        let signs = Signs(of: value)
        if signs.hasOthers || signs.hasQuotes {
            use(json(value, escapesSlash: false))
            use(json(value, escapesSlash: true))
            use(ascii(value, isUppercase: false))
            use(ascii(value, isUppercase: true))
        }
        if signs.hasOthers { use(python(value)) }
        if signs.isEscapedInURLs { use(url(value, space: "%20", keeping: "")) }
        if signs.hasSpace { use(url(value, space: "+", keeping: "")) }
        if signs.isEscapedInPaths { use(url(value, space: "%20", keeping: "@/:")) }
        if kind == .email, let sign = value.firstIndex(of: UInt8(ascii: "@")) {
            for escape in SignEscape.all { use(value[..<sign] + escape + value[(sign + 1)...]) }
        }
        if signs.isEscapedInHTML {
            use(html(value, apostrophe: "&#x27;"))
            use(html(value, apostrophe: "&#39;"))
        }
    }

    private static func grouped(_ value: [UInt8], with separator: UInt8) -> [UInt8] {
        var grouped: [UInt8] = []
        for (place, byte) in value.enumerated() {
            if place > 0, place % 4 == 0 { grouped.append(separator) }
            grouped.append(byte)
        }
        return grouped
    }

    /// Returns a value with bytes written otherwise.
    ///
    /// - Parameter write: writes one byte.
    private static func rewritten(_ value: [UInt8], _ write: (UInt8, inout [UInt8]) -> Void) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(value.count * 2)
        for byte in value { write(byte, &output) }
        return output
    }

    private static func json(_ value: [UInt8], escapesSlash: Bool) -> [UInt8] {
        rewritten(value) { byte, output in
            switch byte {
            case UInt8(ascii: "\""): output += #"\""#.utf8
            case UInt8(ascii: "\\"): output += #"\\"#.utf8
            case UInt8(ascii: "/") where escapesSlash: output += #"\/"#.utf8
            default: output.append(byte)
            }
        }
    }

    /// With `\u` escapes for all that isn't ASCII, as many programs write JSON.
    private static func ascii(_ value: [UInt8], isUppercase: Bool) -> [UInt8] {
        var text = ""
        for scalar in String(decoding: value, as: UTF8.self).unicodeScalars {
            if scalar.isASCII {
                text += scalar == "\"" ? #"\""# : scalar == "\\" ? #"\\"# : String(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16, uppercase: isUppercase)
                text += #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return Array(text.utf8)
    }

    /// As Python writes bytes.
    private static func python(_ value: [UInt8]) -> [UInt8] {
        rewritten(value) { byte, output in
            switch byte {
            case UInt8(ascii: "\\"): output += #"\\"#.utf8
            case 0x80...: output += #"\x\#(String(byte, radix: 16))"#.utf8
            default: output.append(byte)
            }
        }
    }

    /// The signs that URLs never escape.
    private static let unescaped = "-._~"
    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    private static func url(_ value: [UInt8], space: String, keeping kept: String) -> [UInt8] {
        rewritten(value) { byte, output in
            if byte.isAlphanumeric || unescaped.utf8.contains(byte) || kept.utf8.contains(byte) {
                output.append(byte)
            } else if byte == 0x20 {
                output += space.utf8
            } else {
                output.append(UInt8(ascii: "%"))
                output.append(hexDigits[Int(byte >> 4)])
                output.append(hexDigits[Int(byte & 15)])
            }
        }
    }

    private static func html(_ value: [UInt8], apostrophe: String) -> [UInt8] {
        rewritten(value) { byte, output in
            switch byte {
            case UInt8(ascii: "&"): output += "&amp;".utf8
            case UInt8(ascii: "<"): output += "&lt;".utf8
            case UInt8(ascii: ">"): output += "&gt;".utf8
            case UInt8(ascii: "\""): output += "&quot;".utf8
            case UInt8(ascii: "'"): output += apostrophe.utf8
            default: output.append(byte)
            }
        }
    }
}
