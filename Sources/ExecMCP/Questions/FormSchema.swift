import Diagnostics
import JSON
import JSONRPC
import MCP

/// The schema of a form, as the client's revision writes it (client/elicitation): a flat object of texts, numbers,
/// truth values and selections.
///
/// Only what the revision defines is written, whatever the schema says: it may come from a server that nobody trusts.
struct FormSchema {
    private static let maxFields = 64
    private static let maxOptions = 512
    /// In Unicode scalars. Longer texts are cut.
    private static let maxTextLength = 2000
    private static let formats: Set<String> = ["date", "date-time", "email", "uri"]

    private let revision: Revision

    /// - Parameter revision: the client's revision, one with elicitation.
    init(for revision: Revision) {
        self.revision = revision
    }

    /// Returns the schema in the format of the revision.
    ///
    /// - Throws: ``UnaskableError`` if the revision has no form like this.
    func adapted(_ schema: JSONObject) throws(UnaskableError) -> JSONObject {
        guard schema.given("type").map({ $0 == "object" }) ?? true,
            let fields = try? schema.object("properties") ?? JSONObject()
        else { throw UnaskableError("the form's schema is not an object's") }
        guard fields.count <= Self.maxFields else {
            throw UnaskableError("the form has more than \(Self.maxFields) fields")
        }
        var properties = JSONObject()
        for field in fields {
            guard let adapted = field.value.objectValue.flatMap({ self.field(field.key, $0) }) else {
                throw UnaskableError("clients of the revision \(revision.rawValue) lack a field like one of the form's")
            }
            properties[field.key] = .object(adapted)
        }
        let required = (schema["required"]?.arrayValue ?? []).filter { name in
            name.stringValue.map { fields[$0] != nil } ?? false
        }
        var result: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { result["required"] = .array(required) }
        return result
    }

    /// - Returns: `nil` for a field that the revision doesn't have.
    private func field(_ name: String, _ schema: JSONObject) -> JSONObject? {
        let schema = withoutNull(schema)
        let isSelection = schema.given("enum") != nil || schema.given("oneOf") != nil
        var field: JSONObject?
        switch schema["type"]?.stringValue {
        case "string" where isSelection, nil where isSelection: field = selection(schema)
        case "string": field = text(schema)
        case "number", "integer":
            var number: JSONObject = ["type": schema["type"] ?? "number"]
            copy(["minimum", "maximum"], of: schema, to: &number) { $0.numberValue != nil }
            if revision.hasURLElicitation { copy(["default"], of: schema, to: &number) { $0.numberValue != nil } }
            field = number
        case "boolean":
            field = ["type": "boolean"]
            if let value = schema["default"], value.boolValue != nil { field?["default"] = value }
        case "array" where revision.hasURLElicitation: field = multipleSelection(schema)
        default: break
        }
        guard var field else { return nil }
        for member in ["title", "description"] {
            if let text = schema[member]?.stringValue { field[member] = .string(Self.shown(text)) }
        }
        // Clients show the name of a field that has no title.
        if field["title"] == nil, Self.shown(name) != name { field["title"] = .string(Self.shown(name)) }
        return field
    }

    private func text(_ schema: JSONObject) -> JSONObject {
        var field: JSONObject = ["type": "string"]
        copy(["minLength", "maxLength"], of: schema, to: &field) { ($0.integerValue ?? -1) >= 0 }
        copy(["format"], of: schema, to: &field) { Self.formats.contains($0.stringValue ?? "") }
        // A default that can't be seen as it is would be sent unseen.
        if revision.hasURLElicitation {
            copy(["default"], of: schema, to: &field) { $0.stringValue.map { Self.shown($0) == $0 } ?? false }
        }
        return field
    }

    private func selection(_ schema: JSONObject) -> JSONObject? {
        guard let (values, titles) = options(of: schema, titled: "oneOf") else { return nil }
        var field: JSONObject = ["type": "string"]
        if let titles, revision.hasURLElicitation {
            field["oneOf"] = Self.titled(values, titles)
        } else {
            field["enum"] = .array(values.map { .string($0) })
            field["enumNames"] = titles.map { .array($0.map { .string(Self.shown($0)) }) }
        }
        if revision.hasURLElicitation {
            copy(["default"], of: schema, to: &field) { values.contains($0.stringValue ?? "") }
        }
        return field
    }

    private func multipleSelection(_ schema: JSONObject) -> JSONObject? {
        guard let items = schema["items"]?.objectValue, let (values, titles) = options(of: items, titled: "anyOf")
        else { return nil }
        var field: JSONObject = ["type": "array"]
        field["items"] =
            if let titles {
                ["anyOf": Self.titled(values, titles)]
            } else {
                ["type": "string", "enum": .array(values.map { .string($0) })]
            }
        copy(["minItems", "maxItems"], of: schema, to: &field) { ($0.integerValue ?? -1) >= 0 }
        copy(["default"], of: schema, to: &field) { value in
            value.arrayValue?.allSatisfy { values.contains($0.stringValue ?? "") } ?? false
        }
        return field
    }

    /// Returns the options of a selection and their titles; `nil` if they aren't all texts.
    ///
    /// - Parameter titled: the member that lists them with titles.
    private func options(of schema: JSONObject, titled: String) -> (values: [String], titles: [String]?)? {
        if let entries = schema[titled]?.arrayValue {
            let values = entries.compactMap { $0["const"]?.stringValue }
            guard values.count == entries.count, Self.isCountInRange(values) else { return nil }
            return (values, zip(entries, values).map { $0["title"]?.stringValue ?? $1 })
        }
        guard let entries = schema["enum"]?.arrayValue else { return nil }
        let values = entries.compactMap(\.stringValue)
        guard values.count == entries.count, Self.isCountInRange(values) else { return nil }
        let titles = schema["enumNames"]?.arrayValue?.compactMap(\.stringValue)
        if titles?.count == values.count { return (values, titles) }
        // Clients show an option that has no title itself.
        return (values, values.contains { Self.shown($0) != $0 } ? values : nil)
    }

    private static func isCountInRange(_ values: [String]) -> Bool {
        !values.isEmpty && values.count <= maxOptions
    }

    private static func titled(_ values: [String], _ titles: [String]) -> JSON {
        .array(zip(values, titles).map { ["const": .string($0), "title": .string(shown($1))] })
    }

    /// Returns a text that people see, without what would hide or change something in it.
    private static func shown(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(maxTextLength) {
            line.append(scalar == "\n" || scalar == "\t" ? " " : scalar)
        }
        return String(line).visible + (text.unicodeScalars.dropFirst(maxTextLength).isEmpty ? "" : "…")
    }

    private func copy(
        _ names: [String], of schema: JSONObject, to field: inout JSONObject, if isValid: (JSON) -> Bool
    ) {
        for name in names {
            if let value = schema.given(name), isValid(value) { field[name] = value }
        }
    }

    /// Returns the schema without the alternative null, with which generators mark optional fields. A field that isn't
    /// required is optional anyway.
    private func withoutNull(_ schema: JSONObject) -> JSONObject {
        var schema = schema
        if let types = schema["type"]?.arrayValue?.filter({ $0 != "null" }), types.count == 1 {
            schema["type"] = types[0]
        }
        guard let members = schema["anyOf"]?.arrayValue, schema["type"] == nil else { return schema }
        let others = members.filter { $0["type"] != "null" }
        guard others.count == 1, let only = others[0].objectValue else { return schema }
        for member in only { schema[member.key] = schema[member.key] ?? member.value }
        return schema
    }
}
