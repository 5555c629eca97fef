import JSON

/// Formats JSON as people write it.
enum JSONText {
    /// Formats a value over several lines, the first of which isn't indented. Arrays stay on one line.
    ///
    /// - Parameters:
    ///   - indentation: the indentation of the line that the value starts on.
    ///   - unit: the additional indentation for each level.
    static func lines(
        _ value: JSON, indentation: String = "", unit: String = "  ", newline: String = "\n"
    ) -> String {
        guard case .object(let object) = value, !object.isEmpty else { return line(value) }
        let inner = indentation + unit
        let members = object.map { member in
            let value = lines(member.value, indentation: inner, unit: unit, newline: newline)
            return inner + JSON.string(member.key).text + ": " + value
        }
        return "{" + newline + members.joined(separator: "," + newline) + newline + indentation + "}"
    }

    /// Formats a value on one line.
    ///
    /// - Parameter isSpaced: whether a space follows each comma and colon.
    static func line(_ value: JSON, isSpaced: Bool = true) -> String {
        let space = isSpaced ? " " : ""
        switch value {
        case .array(let elements):
            return "[" + elements.map { line($0, isSpaced: isSpaced) }.joined(separator: "," + space) + "]"
        case .object(let object):
            let members = object.map { JSON.string($0.key).text + ":" + space + line($0.value, isSpaced: isSpaced) }
            return "{" + members.joined(separator: "," + space) + "}"
        default:
            return value.text
        }
    }
}
