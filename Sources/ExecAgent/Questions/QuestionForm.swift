import JSON

/// The form of a question: fields for texts, numbers, truth values and selections (client/elicitation).
struct QuestionForm: Sendable, Equatable {
    private static let maxFields = 64

    /// In the order of the schema.
    let fields: [FormField]

    /// - Returns: `nil` for a schema with a field that no form can have, or with too many fields.
    init?(_ schema: JSONObject) {
        guard let members = (schema.given("properties") ?? [:]).objectValue, members.count <= Self.maxFields else {
            return nil
        }
        let names = (schema["required"]?.arrayValue ?? []).compactMap(\.stringValue)
        let required = Set(names.map { ExactText($0) })
        var fields: [FormField] = []
        for member in members {
            guard let described = member.value.objectValue,
                let field = FormField(
                    name: member.key, described, isRequired: required.contains(ExactText(member.key)))
            else { return nil }
            fields.append(field)
        }
        self.fields = fields
    }

    /// Returns what is wrong with the content of a filled-in form; `nil` if nothing is.
    func problem(in content: JSONObject) -> String? {
        let known = Set(fields.map { ExactText($0.name) })
        if let other = content.keys.first(where: { !known.contains(ExactText($0)) }) {
            return "the form has no field '\(other.beginning(64))'"
        }
        for field in fields {
            guard let value = content.given(field.name) else {
                if field.isRequired { return "the field '\(field.name.beginning(64))' is required" }
                continue
            }
            if let problem = field.problem(with: value) { return "the field '\(field.name.beginning(64))' \(problem)" }
        }
        return nil
    }
}

extension String {
    /// The first `count` characters.
    fileprivate func beginning(_ count: Int) -> String { String(prefix(count)) }
}
