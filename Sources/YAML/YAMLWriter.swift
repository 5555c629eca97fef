public import JSON

extension YAML {
    /// Writes a value as a YAML document in block style, with a line feed at its end. Every string is in double quotes, as
    /// in JSON, so that no reader takes one for a number or a truth value; keys are quoted where they have to be.
    public static func text(of value: JSON) -> String {
        var lines: [String] = []
        write(value, after: "", at: 0, to: &lines)
        return lines.map { $0 + "\n" }.joined()
    }

    /// - Parameters:
    ///   - start: what stands before the value on its line, such as a key.
    ///   - depth: the indentation of a map or list that begins on a line of its own.
    private static func write(_ value: JSON, after start: String, at depth: Int, to lines: inout [String]) {
        let indent = String(repeating: "  ", count: depth)
        switch value {
        case .object(let object) where !object.isEmpty:
            var isFirst = true
            if !start.isEmpty, !start.hasSuffix("- ") { lines.append(start) }
            for member in object {
                // The first member of a map in a list stands beside the hyphen.
                let begin = isFirst && start.hasSuffix("- ") ? start : indent
                isFirst = false
                write(member.value, after: "\(begin)\(key(member.key)):", at: depth + 1, to: &lines)
            }
        case .array(let elements) where !elements.isEmpty:
            if !start.isEmpty { lines.append(start) }
            for element in elements {
                write(element, after: "\(indent)- ", at: depth + 1, to: &lines)
            }
        default:
            let begin = start.isEmpty || start.hasSuffix(" ") ? start : start + " "
            lines.append(begin + value.text)
        }
    }

    private static func key(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isASCII && $0.isLetter } == true
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./".contains($0)) }
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        return isPlain ? text : JSON.string(text).text
    }
}
