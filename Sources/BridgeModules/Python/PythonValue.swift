import JSON

/// JSON values as Python writes them, for documentation.
enum PythonValue {
    /// Returns `value` as a Python expression with visible characters only, truncated to `limit` Unicode scalars.
    static func text(_ value: JSON, limit: Int) -> String {
        var writer = Writer(room: limit)
        writer.write(value)
        return writer.text.truncated(to: limit)
    }

    /// Returns a literal that `Literal[…]` accepts, or `nil` for other values.
    static func literal(_ value: JSON) -> String? {
        switch value {
        case .bool(let flag): flag ? "True" : "False"
        case .integer(let number): String(number)
        case .string(let text): PythonLiteral.string(text)
        default: nil
        }
    }

    /// Stops soon after `room` characters, so that a large value costs no more than a small one.
    private struct Writer {
        let room: Int
        var text = ""
        var depth = 0

        private var isFull: Bool { text.utf8.count > room * 4 }

        mutating func write(_ value: JSON) {
            guard !isFull, depth < 8 else { return text += "…" }
            depth += 1
            defer { depth -= 1 }
            switch value {
            case .null: text += "None"
            case .double(let number): text += String(number)
            case .array(let elements):
                text += "["
                for (place, element) in elements.enumerated() where !isFull {
                    if place > 0 { text += ", " }
                    write(element)
                }
                text += "]"
            case .object(let object):
                text += "{"
                var isFirst = true
                for member in object where !isFull {
                    if !isFirst { text += ", " }
                    isFirst = false
                    write(.string(member.key))
                    text += ": "
                    write(member.value)
                }
                text += "}"
            case .string(let string): text += PythonLiteral.string(String(string.unicodeScalars.prefix(room)))
            case .verbatim(let number): text += PythonLiteral.visible(number)
            case .bool, .integer: text += PythonValue.literal(value) ?? ""
            }
        }
    }
}
