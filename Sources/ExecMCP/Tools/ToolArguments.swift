import JSON

/// The arguments of one tool call, taken out one by one and checked against what the tool takes. Null counts as left out,
/// and a text that is a number as that number: some hosts turn each number into a text on its way, so that a second try
/// would not help. What the tool does not know is passed over.
struct ToolArguments {
    /// An argument is missing, of the wrong type or out of its range.
    struct Mismatch: Error, Equatable {
        let message: String
        /// Whether it has the right type and a value that the tool does not take: that is for the model to read in every
        /// revision.
        var isOfValue = false
    }

    /// What models add to a call out of habit, to say what it is for. It asks for nothing.
    private static let comments: Set<String> = [
        "_explanation", "comment", "description", "explanation", "explanation_for_user", "goal", "intent",
        "justification",
        "label", "motivation", "note", "notes", "objective", "purpose", "rationale", "reason", "reasoning", "summary",
        "task_description", "thinking", "thought", "thoughts", "title", "why",
    ]
    /// How many unknown names are told of.
    private static let toldNames = 5
    /// The longest text that is looked at as a number, in bytes.
    private static let longestNumber = 400

    private let tool: String
    private let known: [String]
    private let values: JSONObject

    init(_ values: JSONObject, of tool: String, known: [String]) {
        self.tool = tool
        self.known = known
        self.values = values
    }

    /// What was passed over, and what the tool takes, for whoever meant something by it; `nil` where nothing was. What only
    /// comments on the call is not worth a word, nor is a value that says nothing.
    var remark: String? {
        let unknown = values.filter { member in
            !known.contains(member.key) && !Self.comments.contains(member.key.lowercased())
                && ![.null, false, "", [], [:]].contains(member.value)
        }.map { $0.key.prefix(100) }
        guard !unknown.isEmpty else { return nil }
        let names =
            unknown.prefix(Self.toldNames).joined(separator: ", ") + (unknown.count > Self.toldNames ? ", …" : "")
        return "\(tool) has no argument \(names): passed over. It takes: \(known.joined(separator: ", "))."
    }

    /// How many bytes the arguments have that the tool takes.
    var size: Int {
        known.reduce(0) { $0 + (values[$1]?.stringValue?.utf8.count ?? 0) }
    }

    /// - Throws: ``Mismatch`` where it is missing or no string.
    func string(_ name: String) throws(Mismatch) -> String {
        guard let value = values.given(name) else {
            throw Mismatch(
                message: "\(tool) needs the argument \(name), a string." + (remark.map { " \($0)" } ?? ""))
        }
        guard let text = value.stringValue else { throw wrongType(name, "a string", value) }
        return text
    }

    /// - Returns: `nil` where it is left out or null.
    /// - Throws: ``Mismatch`` where it is no number.
    func number(_ name: String) throws(Mismatch) -> Double? {
        guard let value = values.given(name) else { return nil }
        guard let number = Self.number(value).numberValue else { throw wrongType(name, "a number", value) }
        return number
    }

    /// - Returns: `nil` where it is left out or null.
    /// - Throws: ``Mismatch`` where it is no whole number. `10.0` is one, as JSON Schema has it.
    func integer(_ name: String) throws(Mismatch) -> Int? {
        guard let given = values.given(name) else { return nil }
        let value = Self.number(given)
        if let number = value.integerValue { return number }
        guard let number = value.numberValue, number.rounded() == number else {
            throw wrongType(name, "an integer", given)
        }
        // Out of every range that a tool accepts, but an integer all the same.
        return Int(exactly: number) ?? (number < 0 ? Int.min : Int.max)
    }

    /// The number that a text says; any other value as it is.
    private static func number(_ value: JSON) -> JSON {
        guard let text = value.stringValue?.utf8, text.count <= longestNumber else { return value }
        let isBlank = { (byte: UInt8) in [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
        var digits = text.drop(while: isBlank)
        while let last = digits.last, isBlank(last) { digits = digits.dropLast() }
        // `+5` is one to everybody but JSON.
        if digits.first == UInt8(ascii: "+"), digits.dropFirst().first != UInt8(ascii: "-") {
            digits = digits.dropFirst()
        }
        guard let number = try? JSON.parse(Array(digits), .lenient), number.numberValue != nil else { return value }
        return number
    }

    private func wrongType(_ name: String, _ expected: String, _ value: JSON) -> Mismatch {
        let given =
            if expected != "a string", let text = value.stringValue {
                "the text \"\(text.prefix(50))\(text.count > 50 ? "…" : "")\""
            } else {
                value.kindDescription
            }
        return Mismatch(message: "The argument \(name) of \(tool) must be \(expected), not \(given).")
    }
}
