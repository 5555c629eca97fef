/// How a value may be written in other texts than the one that it was found in.
enum Spellings {
    /// Returns the spellings of a value, itself first, each once.
    static func all(of value: [UInt8], kind: PrivateDataKind) -> [[UInt8]] {
        var plain = [value]
        switch kind {
        case .email, .ip: plain += [value.map(\.lowercased), value.map(\.uppercased)]
        case .iban:
            let compact = value.filter(\.isAlphanumeric)
            plain += [compact, grouped(compact, with: UInt8(ascii: " ")), grouped(compact, with: UInt8(ascii: "-"))]
        default: break
        }
        var all: [[UInt8]] = []
        func add(_ spelling: [UInt8]) {
            if !all.contains(spelling) { all.append(spelling) }
        }
        for value in plain {
            add(value)
            if value.contains(where: { $0 >= 0x80 || "\"\\/".utf8.contains($0) }) {
                add(json(value, escapesSlash: false))
                add(json(value, escapesSlash: true))
                add(ascii(value, isUppercase: false))
                add(ascii(value, isUppercase: true))
            }
            if value.contains(where: { $0 >= 0x80 }) { add(python(value)) }
            if value.contains(where: { !$0.isAlphanumeric && !"-._~".utf8.contains($0) }) {
                add(url(value, space: "%20", keeping: ""))
                add(url(value, space: "+", keeping: ""))
                add(url(value, space: "%20", keeping: "@/:"))
            }
            if kind == .email, let sign = value.firstIndex(of: UInt8(ascii: "@")) {
                for escape in SignEscape.all { add(value[..<sign] + escape + value[(sign + 1)...]) }
            }
            if value.contains(where: { "&<>\"'".utf8.contains($0) }) {
                add(html(value, apostrophe: "&#x27;"))
                add(html(value, apostrophe: "&#39;"))
            }
        }
        return all
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

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    private static func url(_ value: [UInt8], space: String, keeping kept: String) -> [UInt8] {
        rewritten(value) { byte, output in
            if byte.isAlphanumeric || "-._~".utf8.contains(byte) || kept.utf8.contains(byte) {
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
