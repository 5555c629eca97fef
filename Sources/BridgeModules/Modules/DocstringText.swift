import JSON
import MCP

/// The documentation of a tool's function: signature, first paragraph, arguments, result, hints, policy, notes.
struct DocstringText {
    /// The maximum length in Unicode scalars.
    static let limit = 6_000
    private static let (paragraphLimit, argumentsLimit, returnsLimit) = (1_200, 2_400, 900)
    /// Room for what the description says after its first paragraph.
    private static let notesLimit = 1_500

    let tool: Tool
    let signature: String
    let parameters: [ToolParameter]
    let returns: String
    let policy: String

    /// The text, as `ast.get_docstring` returns it.
    var text: String {
        let (first, rest) = DescriptionText.paragraphs(of: tool.description)
        var sections = [signature]
        if !first.isEmpty { sections.append(first.truncated(to: Self.paragraphLimit)) }
        sections += [arguments, "Returns: " + returns.truncated(to: Self.returnsLimit), hints].compactMap { $0 }
        if !policy.isEmpty { sections.append("Policy: " + PythonLiteral.line(policy, limit: 500)) }
        var text = PythonLiteral.docstringText(sections.joined(separator: "\n\n"))
        let room = min(Self.notesLimit, Self.limit - text.unicodeScalars.count - 20)
        if !rest.isEmpty, room > 100 { text += "\n\nNotes:\n" + indented(rest.truncated(to: room)) }
        return PythonLiteral.docstringText(text.truncated(to: Self.limit))
    }

    /// The parameters of which more is known than the signature says.
    private var arguments: String? {
        let documented = parameters.filter { !$0.documentation.isEmpty }
        guard !documented.isEmpty else { return nil }
        var text = "Args:"
        for (place, parameter) in documented.enumerated() {
            let line = "\n    \(parameter.python): \(parameter.documentation)"
            guard text.unicodeScalars.count + line.unicodeScalars.count <= Self.argumentsLimit else {
                return text + "\n    … and \(documented.count - place) more"
            }
            text += line
        }
        return text
    }

    /// What the server claims about the tool's effects. Nothing here has checked it.
    private var hints: String? {
        var claims: [String] = []
        let annotations = tool.annotations
        for (key, yes, no) in Self.claims {
            guard let value = annotations[key]?.boolValue else { continue }
            claims.append(value ? yes : no)
        }
        if annotations["readOnlyHint"] == true {
            claims.removeAll { $0 == "not destructive" || $0 == "not idempotent" }
        }
        return claims.isEmpty ? nil : "Hints of the server: \(claims.joined(separator: ", "))"
    }

    private static let claims = [
        ("readOnlyHint", "read-only", "changes something"), ("destructiveHint", "destructive", "not destructive"),
        ("idempotentHint", "idempotent", "not idempotent"),
        ("openWorldHint", "reaches the outside world", "local only"),
    ]

    private func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "    " + $0 }.joined(separator: "\n")
    }
}
