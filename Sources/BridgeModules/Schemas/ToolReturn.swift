import JSON

/// What a call of a tool returns in Python.
struct ToolReturn: Sendable {
    /// The annotation; `nil` if the tool declares no output.
    let annotation: String?
    /// The text after `Returns:`.
    let documentation: String
    let fault: String?

    /// - Parameter seen: what results looked like, for a tool that declares no output.
    init(_ outputSchema: JSON?, seen: ResultShape?) {
        guard let schema = outputSchema else {
            annotation = nil
            documentation = seen.map { "not declared; seen: \($0.text)" } ?? "not declared"
            fault = nil
            return
        }
        let type = SchemaType(Self.unwrapped(schema), root: schema)
        annotation = type.annotation
        let description = schema["description"]?.stringValue.map { PythonLiteral.line($0, limit: 300) }
        documentation = [type.annotation, type.outline, description].compactMap { $0 }.joined(separator: "\n    ")
        fault = type.fault
    }

    /// Returns the schema of the value in `{"result": …}` if the tool says that it only wraps a value so.
    private static func unwrapped(_ schema: JSON) -> JSON {
        guard wraps(schema), let value = schema["properties"]?["result"] else { return schema }
        return value
    }

    /// Whether results are `{"result": …}` only because MCP wants an object.
    static func wraps(_ schema: JSON) -> Bool {
        guard schema["properties"]?.objectValue?.keys == ["result"] else { return false }
        return schema["x-fastmcp-wrap-result"] == true || isMadeByOfficialSDK(schema)
    }

    /// Whether the schema is the one that MCP's official Python SDK makes for a function which returns no object. It has
    /// no mark of its own, but titles that no class has: the function's name followed by `Output`.
    private static func isMadeByOfficialSDK(_ schema: JSON) -> Bool {
        let members: Set = ["type", "properties", "required", "title", "$defs"]
        guard let title = schema["title"]?.stringValue, title.hasSuffix("Output"), title.first?.isUppercase == false
        else { return false }
        return schema["properties"]?["result"]?["title"] == "Result" && schema["required"] == ["result"]
            && schema.objectValue?.keys.allSatisfy(members.contains) == true
    }
}
