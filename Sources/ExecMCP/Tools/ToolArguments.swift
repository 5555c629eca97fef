import JSON

/// The arguments of a tool call, read one at a time and checked against what the tool accepts. Null counts as missing,
/// and a string that contains a number counts as that number: some hosts turn every number into a string, so that a
/// retry wouldn't help. Unknown arguments are ignored.
struct ToolArguments {
    /// Thrown if an argument is missing, of the wrong type or out of range.
    struct MismatchError: Error, Equatable {
        let message: String
        /// Whether the argument has the right type, but a value that the tool doesn't accept. In every revision, the
        /// model should read such an error.
        var isOfValue = false
        /// Whether the message quotes tokens as the client sent them.
        var quotesTokens = false
    }

    /// Arguments that models add to a call out of habit to explain it. They have no effect.
    private static let comments: Set<String> = [
        "_explanation", "comment", "description", "explanation", "explanation_for_user", "goal", "intent",
        "justification",
        "label", "motivation", "note", "notes", "objective", "purpose", "rationale", "reason", "reasoning", "summary",
        "task_description", "thinking", "thought", "thoughts", "title", "why",
    ]
    /// The maximum number of unknown names in a remark.
    private static let toldNames = 5
    /// The maximum length of a string that is parsed as a number, in bytes.
    private static let maxNumberLength = 400

    private let tool: String
    private let known: [String]
    private let values: JSONObject

    init(_ values: JSONObject, of tool: String, known: [String]) {
        self.tool = tool
        self.known = known
        self.values = values
    }

    /// A note about ignored arguments, with the ones that the tool accepts, for a client that meant something by them;
    /// `nil` if there were none. Arguments that only comment on the call, or that have an empty value, aren't
    /// mentioned.
    var remark: String? {
        let unknown = values.filter { member in
            !known.contains(member.key) && !Self.comments.contains(member.key.lowercased())
                && ![.null, false, "", [], [:]].contains(member.value)
        }.map { $0.key.prefix(100) }
        guard !unknown.isEmpty else { return nil }
        let names =
            unknown.prefix(Self.toldNames).joined(separator: ", ") + (unknown.count > Self.toldNames ? ", …" : "")
        return "\(tool) has no argument \(names): ignored. It accepts: \(known.joined(separator: ", "))."
    }

    /// The size in bytes of the arguments that the tool accepts.
    var size: Int {
        known.reduce(0) { $0 + (values[$1]?.stringValue?.utf8.count ?? 0) }
    }

    /// - Throws: ``MismatchError`` if it is missing or isn't a string.
    func string(_ name: String) throws(MismatchError) -> String {
        guard let value = values.given(name) else {
            throw MismatchError(
                message: "\(tool) needs the argument \(name), a string." + (remark.map { " \($0)" } ?? ""))
        }
        guard let text = value.stringValue else { throw wrongType(name, "a string", value) }
        return text
    }

    /// - Returns: `nil` if it is missing or null.
    /// - Throws: ``MismatchError`` if it isn't a number.
    func number(_ name: String) throws(MismatchError) -> Double? {
        guard let value = values.given(name) else { return nil }
        guard let number = Self.number(value).numberValue else { throw wrongType(name, "a number", value) }
        return number
    }

    /// - Returns: `nil` if it is missing or null.
    /// - Throws: ``MismatchError`` if it isn't an integer. As in JSON Schema, `10.0` is an integer.
    func integer(_ name: String) throws(MismatchError) -> Int? {
        guard let given = values.given(name) else { return nil }
        let value = Self.number(given)
        if let number = value.integerValue { return number }
        guard let number = value.numberValue, number.rounded() == number else {
            throw wrongType(name, "an integer", given)
        }
        // Outside the range of every tool, but still an integer.
        return Int(exactly: number) ?? (number < 0 ? Int.min : Int.max)
    }

    /// Returns the number that a string contains, or any other value unchanged.
    private static func number(_ value: JSON) -> JSON {
        guard let text = value.stringValue?.utf8, text.count <= maxNumberLength else { return value }
        let isBlank = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        var digits = text.drop(while: isBlank)
        while let last = digits.last, isBlank(last) { digits = digits.dropLast() }
        // JSON alone doesn't accept `+5` as a number.
        if digits.first == UInt8(ascii: "+"), digits.dropFirst().first != UInt8(ascii: "-") {
            digits = digits.dropFirst()
        }
        guard let number = try? JSON.parse(Array(digits), .lenient), number.numberValue != nil else { return value }
        return number
    }

    private func wrongType(_ name: String, _ expected: String, _ value: JSON) -> MismatchError {
        let given =
            if expected != "a string", let text = value.stringValue {
                "the text \"\(text.prefix(50))\(text.count > 50 ? "…" : "")\""
            } else {
                value.kindDescription
            }
        return MismatchError(message: "The argument \(name) of \(tool) must be \(expected), not \(given).")
    }
}
