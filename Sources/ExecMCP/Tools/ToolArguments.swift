import JSON

/// The arguments of one tool call, taken out one by one and checked against what the tool takes.
struct ToolArguments {
    /// An argument is missing, unknown, of the wrong type or out of its range.
    struct Mismatch: Error, Equatable {
        let message: String
        /// Whether it has the right type and a value that the tool does not take: that is for the model to read in every
        /// revision.
        var isOfValue = false
    }

    private let tool: String
    private let values: JSONObject

    /// - Throws: ``Mismatch`` for a name that the tool does not know.
    init(_ values: JSONObject, of tool: String, known: [String]) throws(Mismatch) {
        self.tool = tool
        self.values = values
        if let unknown = values.keys.first(where: { !known.contains($0) }) {
            throw Mismatch(
                message: "\(tool) has no argument \(unknown.prefix(100)). It takes: \(known.joined(separator: ", ")).")
        }
    }

    /// - Throws: ``Mismatch`` where it is missing or no string.
    func string(_ name: String) throws(Mismatch) -> String {
        guard let value = values[name] else {
            throw Mismatch(message: "\(tool) needs the argument \(name), a string.")
        }
        guard let text = value.stringValue else { throw wrongType(name, "a string", value) }
        return text
    }

    /// - Returns: `nil` where it is left out or null.
    /// - Throws: ``Mismatch`` where it is no number.
    func number(_ name: String) throws(Mismatch) -> Double? {
        guard let value = values[name], value != .null else { return nil }
        guard let number = value.numberValue else { throw wrongType(name, "a number", value) }
        return number
    }

    /// - Returns: `nil` where it is left out or null.
    /// - Throws: ``Mismatch`` where it is no whole number. `10.0` is one, as JSON Schema has it.
    func integer(_ name: String) throws(Mismatch) -> Int? {
        guard let value = values[name], value != .null else { return nil }
        if let number = value.integerValue { return number }
        guard let number = value.numberValue, number.rounded() == number else {
            throw wrongType(name, "an integer", value)
        }
        // Out of every range that a tool accepts, but an integer all the same.
        return Int(exactly: number) ?? (number < 0 ? Int.min : Int.max)
    }

    private func wrongType(_ name: String, _ expected: String, _ value: JSON) -> Mismatch {
        Mismatch(message: "The argument \(name) of \(tool) must be \(expected), not \(value.kindDescription).")
    }
}
