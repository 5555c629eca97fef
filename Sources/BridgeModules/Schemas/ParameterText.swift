import JSON

/// Documentation of a parameter.
struct ParameterText {
    private static let (descriptionLimit, remarkLimit, lineLimit) = (400, 160, 700)
    private static let shownValues = 20

    let schema: JSON
    let shape: TypeShape
    /// The name in the schema if it differs from the one in Python.
    let realName: String?
    let root: JSON

    /// Everything in one line: description, structure, values, constraints, default, examples, real name.
    var line: String {
        let description = text("description", limit: Self.descriptionLimit)
        var sentences = [description ?? text("title", limit: Self.remarkLimit)].compactMap { $0 }.map(Self.sentence)
        if shape.hasFields { sentences.append(shape.outline() + ".") }
        sentences += remarks.map(Self.sentence)
        return sentences.joined(separator: " ").truncated(to: Self.lineLimit)
    }

    private static func sentence(_ text: String) -> String {
        guard let last = text.unicodeScalars.last else { return text }
        return ".!?…:".unicodeScalars.contains(last) ? text : text + "."
    }

    private func text(_ key: String, limit: Int) -> String? {
        let line = schema[key]?.stringValue.map { PythonLiteral.line($0, limit: limit) }
        return line?.isEmpty == false ? line : nil
    }

    private var remarks: [String] {
        var remarks: [String] = []
        if let realName {
            remarks.append("Named \(PythonLiteral.string(PythonLiteral.line(realName, limit: 80))) in the schema")
        }
        for place in [schema, items].compactMap({ $0 }) { remarks += values(of: place) }
        remarks += alternatives
        remarks += constraints(of: schema, prefix: "")
        if let items { remarks += constraints(of: items, prefix: "each ") }
        if let value = schema["default"] { remarks.append("Default: \(PythonValue.text(value, limit: 80))") }
        if let examples = schema["examples"]?.arrayValue ?? schema["example"].map({ [$0] }), !examples.isEmpty {
            let shown = examples.prefix(3).map { PythonValue.text($0, limit: 60) }
            remarks.append("Examples: \(shown.joined(separator: ", "))")
        }
        if schema["deprecated"] == true { remarks.append("Deprecated") }
        return remarks
    }

    private var items: JSON? {
        guard case .list = shape, let items = schema["items"], items.objectValue != nil else { return nil }
        return items
    }

    /// Returns the values of an enumeration that is too long for the annotation.
    private func values(of schema: JSON) -> [String] {
        guard let values = schema["enum"]?.arrayValue ?? schema["const"].map({ [$0] }), !values.isEmpty else {
            return []
        }
        let literals = values.prefix(Self.shownValues).compactMap { $0 == .null ? "None" : PythonValue.literal($0) }
        if literals.count == values.count, TypeShape.showsLiterals(literals) { return [] }
        let shown = values.prefix(Self.shownValues).map { PythonValue.text($0, limit: 60) }.joined(separator: ", ")
        let rest = values.count > Self.shownValues ? ", and \(values.count - Self.shownValues) more" : ""
        return ["One of \(shown)\(rest)"]
    }

    /// Returns the members of a union that is too long for the annotation.
    private var alternatives: [String] {
        guard shape == .any, let members = (schema["anyOf"] ?? schema["oneOf"])?.arrayValue, members.count > 1 else {
            return []
        }
        let types = members.prefix(Self.shownValues).map { member in
            let type = SchemaType(member, root: root)
            return (type.outline ?? type.annotation).truncated(to: 60)
        }
        return ["Any of \(types.joined(separator: "; "))".truncated(to: Self.descriptionLimit)]
    }

    private func constraints(of schema: JSON, prefix: String) -> [String] {
        var parts: [String] = []
        if let format = schema["format"]?.stringValue {
            parts.append("format \(PythonLiteral.line(format, limit: 40))")
        }
        if let pattern = schema["pattern"]?.stringValue {
            parts.append("pattern \(PythonLiteral.line(pattern, limit: 100))")
        }
        for (key, words) in Self.bounds {
            guard let value = schema[key], value.numberValue != nil else { continue }
            parts.append("\(words) \(PythonValue.text(value, limit: 40))")
        }
        if schema["uniqueItems"] == true { parts.append("no duplicates") }
        guard !parts.isEmpty else { return [] }
        let line = prefix + parts.joined(separator: ", ")
        return [line.prefix(1).uppercased() + line.dropFirst()]
    }

    private static let bounds = [
        ("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"), ("exclusiveMaximum", "below"),
        ("multipleOf", "multiple of"), ("minLength", "minimum length"), ("maxLength", "maximum length"),
        ("minItems", "minimum count"), ("maxItems", "maximum count"),
    ]
}
