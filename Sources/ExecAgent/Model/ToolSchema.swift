import JSON

/// Converts tool schemas to forms that endpoints accept. MCP allows any JSON Schema of an object; model APIs allow
/// less.
enum ToolSchema {
    /// Maximum depth of nested schemas to process, including references.
    private static let deepest = 32
    /// Maximum number of values in a plain schema: references may make it much larger than its source.
    private static let maxValues = 20_000
    /// Maximum number of schemas to merge: recursive schemas would otherwise never end.
    private static let maxMerged = 1000
    private static let unions = ["anyOf", "oneOf", "allOf"]
    /// Keywords that OpenAI doesn't allow at the top level, and those that are useless to a model.
    private static let notAtTop =
        unions + ["enum", "const", "not", "if", "then", "else", "$ref", "$schema", "$id", "nullable"]

    // MARK: - For all endpoints

    /// Returns the schema with what every endpoint requires: an object with properties at the top, unions there merged
    /// into one object, arrays with `items`, and no required properties that don't exist.
    static func acceptable(_ schema: JSON) -> JSON {
        var left = maxMerged
        var object = merged(schema, root: schema, depth: 0, &left)
        for key in notAtTop { object[key] = nil }
        var result: JSONObject = ["type": "object", "properties": .object(properties(of: object))]
        for member in object where result[member.key] == nil { result[member.key] = member.value }
        result["required"] = required(of: object)
        return completed(.object(result), depth: 0)
    }

    /// Returns a schema as a single object: references are resolved, and the variants of unions are added to its own
    /// properties.
    private static func merged(_ schema: JSON, root: JSON, depth: Int, _ left: inout Int) -> JSONObject {
        left -= 1
        guard var object = schema.objectValue, depth < deepest, left > 0 else { return JSONObject() }
        if let target = target(of: object, in: root) {
            let found = merged(target, root: root, depth: depth + 1, &left)
            object["$ref"] = nil
            for member in found where object[member.key] == nil { object[member.key] = member.value }
        }
        for union in unions {
            guard let variants = object[union]?.arrayValue else { continue }
            object[union] = nil
            let parts = variants.map { merged($0, root: root, depth: depth + 1, &left) }
            var properties = object["properties"]?.objectValue ?? JSONObject()
            for part in parts {
                for property in part["properties"]?.objectValue ?? JSONObject() {
                    properties[property.key] = either(properties[property.key], property.value)
                }
            }
            if !properties.isEmpty { object["properties"] = .object(properties) }
            let sets = parts.map { Set(names($0["required"])) }
            // A property that only some variants require must not be required.
            let common = union == "allOf" ? sets.reduce([]) { $0.union($1) } : shared(sets)
            let all = names(object["required"]) + common.subtracting(names(object["required"])).sorted()
            object["required"] = all.isEmpty ? nil : .array(all.map(JSON.string))
        }
        return object
    }

    /// Combines two variants of a property.
    private static func either(_ first: JSON?, _ second: JSON) -> JSON {
        guard let first, first != second else { return second }
        // Discriminators: each variant has its own value.
        if let own = values(first), let more = values(second) {
            var object = first.objectValue ?? JSONObject()
            object["const"] = nil
            object["enum"] = .array(own + more.filter { !own.contains($0) })
            return .object(object)
        }
        let known = first["anyOf"]?.arrayValue ?? [first]
        return known.contains(second) ? first : ["anyOf": .array(known + [second])]
    }

    private static func values(_ schema: JSON) -> [JSON]? {
        schema["enum"]?.arrayValue ?? schema["const"].map { [$0] }
    }

    private static func shared(_ sets: [Set<String>]) -> Set<String> {
        guard let first = sets.first else { return [] }
        return sets.dropFirst().reduce(first) { $0.intersection($1) }
    }

    private static func names(_ required: JSON?) -> [String] {
        required?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    private static func properties(of object: JSONObject) -> JSONObject {
        var properties = JSONObject()
        for property in object["properties"]?.objectValue ?? JSONObject() {
            // The schema `true` allows any value, `false` none.
            properties[property.key] = property.value.objectValue == nil ? [:] : property.value
        }
        return properties
    }

    private static func required(of object: JSONObject) -> JSON? {
        let known = properties(of: object)
        let names = names(object["required"]).filter { known[$0] != nil }
        return names.isEmpty ? nil : .array(names.map(JSON.string))
    }

    /// OpenAI rejects an array without `items`.
    private static func completed(_ schema: JSON, depth: Int) -> JSON {
        guard var object = schema.objectValue, depth < deepest else { return schema }
        if object["type"]?.stringValue == "array", object["items"]?.objectValue == nil { object["items"] = [:] }
        if let items = object["items"] { object["items"] = completed(items, depth: depth + 1) }
        if let properties = object["properties"]?.objectValue {
            var completed = properties
            for property in properties { completed[property.key] = Self.completed(property.value, depth: depth + 1) }
            object["properties"] = .object(completed)
        }
        for union in unions {
            guard let variants = object[union]?.arrayValue else { continue }
            object[union] = .array(variants.map { completed($0, depth: depth + 1) })
        }
        return .object(object)
    }

    // MARK: - For restrictive endpoints

    /// Returns the schema with only the keywords that all endpoints know: `type`, `description`, `properties`,
    /// `required`, `items`, and `enum` of strings. The tool's server checks everything else.
    static func plain(_ schema: JSON) -> JSON {
        var left = maxValues
        let acceptable = acceptable(schema)
        var result = plain(acceptable, root: schema, depth: 0, &left).objectValue ?? JSONObject()
        result["type"] = "object"
        if result["properties"] == nil { result["properties"] = [:] }
        return .object(result)
    }

    private static func plain(_ schema: JSON, root: JSON, depth: Int, _ left: inout Int) -> JSON {
        left -= 1
        guard var object = schema.objectValue, depth < deepest, left > 0 else { return ["type": "string"] }
        if let target = target(of: object, in: root), let found = target.objectValue {
            object["$ref"] = nil
            for member in found where object[member.key] == nil { object[member.key] = member.value }
        }
        let variants = unions.compactMap { object[$0]?.arrayValue }.joined()
        if object["type"] == nil, let first = variants.first(where: { $0["type"]?.stringValue != "null" })?.objectValue
        {
            for member in first where object[member.key] == nil { object[member.key] = member.value }
            if object["$ref"] != nil { return plain(.object(object), root: root, depth: depth + 1, &left) }
        }
        var result = JSONObject()
        let type = type(of: object)
        result["type"] = .string(type)
        if let text = object["description"]?.stringValue { result["description"] = .string(text) }
        if type == "string", let allowed = values(.object(object)) {
            let texts = allowed.compactMap(\.stringValue).filter { !$0.isEmpty }
            if !texts.isEmpty { result["enum"] = .array(texts.map(JSON.string)) }
        }
        if type == "array" { result["items"] = plain(object["items"] ?? [:], root: root, depth: depth + 1, &left) }
        if type == "object" {
            var properties = JSONObject()
            for property in Self.properties(of: object) {
                properties[property.key] = plain(property.value, root: root, depth: depth + 1, &left)
            }
            if !properties.isEmpty { result["properties"] = .object(properties) }
            result["required"] = required(of: object)
        }
        return .object(result)
    }

    private static func type(of object: JSONObject) -> String {
        let types = object["type"]?.arrayValue?.compactMap(\.stringValue) ?? [object["type"]?.stringValue ?? ""]
        let known: Set<String> = ["string", "number", "integer", "boolean", "array", "object"]
        if let type = types.map({ $0.lowercased() }).first(where: known.contains) { return type }
        if object["properties"] != nil { return "object" }
        return object["items"] != nil ? "array" : "string"
    }

    // MARK: - References

    /// Resolves a reference within the schema.
    private static func target(of object: JSONObject, in root: JSON) -> JSON? {
        guard let reference = object["$ref"]?.stringValue, reference.hasPrefix("#") else { return nil }
        var value: JSON? = root
        for name in reference.split(separator: "/").dropFirst() {
            let key = String(name).replacing("~1", with: "/").replacing("~0", with: "~")
            if let elements = value?.arrayValue, let place = Int(key) {
                value = elements.indices.contains(place) ? elements[place] : nil
            } else {
                value = value?[key]
            }
        }
        return value
    }
}
