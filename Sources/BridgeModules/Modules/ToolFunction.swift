import JSON
import MCP

/// A tool as a Python function.
public struct ToolFunction: Sendable {
    static let maxParameters = 1_000
    private static let (signatureLimit, summaryLimit) = (1_500, 120)

    /// The tool's name on its server.
    public let name: String
    /// The function's name.
    public let python: String
    /// The parameters, required ones first.
    public let parameters: [ToolParameter]
    /// The signature, such as `git_log(repo_path: str, *, max_count: int = ...) -> list`: one line, cut after a
    /// parameter if it is very long.
    public let signature: String
    /// The first sentence of the description, on one line of at most 120 characters; may be empty.
    public let summary: String
    /// What `read_docstring` and `help` show. At most 6,000 characters.
    public let docstring: String
    /// Whether results are unwrapped from `{"result": …}`.
    public let unwraps: Bool
    /// Whether the tool has an output schema.
    public let declaresOutput: Bool
    /// What is wrong with the schemas: the first fault found; `nil` if none.
    public let fault: String?
    /// The name of the parameter that takes all arguments (`**arguments`), if the schema names none.
    public let rest: String?
    /// Whether the server's module has the function. Tools that it has no room for are called by `call_tool`.
    public let isInModule: Bool
    let head: String
    /// The description's words, for the search.
    let description: String

    /// - Parameters:
    ///   - python: the function's name.
    ///   - policy: a sentence on whether calls are allowed; empty for none.
    ///   - seen: what results looked like so far.
    ///   - limit: the maximum number of parameters. Further ones can be passed by `call_tool` only.
    ///   - isInModule: whether the server's module has the function.
    init(
        _ tool: Tool, python: String, policy: String, seen: ResultShape?, limit: Int = maxParameters,
        isInModule: Bool = true
    ) {
        let input = ToolParameters(tool.inputSchema, limit: limit)
        let output = ToolReturn(tool.outputSchema, seen: seen)
        name = tool.name
        self.python = python
        self.isInModule = isInModule
        parameters = input.parameters
        rest = input.rest
        unwraps = tool.outputSchema.map(ToolReturn.wraps) ?? false
        declaresOutput = tool.outputSchema != nil
        fault = input.fault ?? output.fault
        description = String(tool.description.unicodeScalars.prefix(4_000))
        summary = DescriptionText.summary(of: tool.description, limit: Self.summaryLimit)
        let arrow = output.annotation.map { " -> \($0)" } ?? ""
        signature = Self.signature(of: input, python, limit: Self.signatureLimit) + arrow
        head = Self.head(of: input, python, output.annotation)
        docstring =
            DocstringText(
                tool: tool, signature: signature, parameters: input.parameters, returns: output.documentation,
                policy: policy
            ).text
    }

    /// Returns the parameters as they stand between the parentheses, without types or defaults.
    private static func parts(of input: ToolParameters, _ part: (ToolParameter) -> String) -> [String] {
        if let rest = input.rest { return ["**\(rest)"] }
        var parts = input.parameters.map(part)
        if !parts.isEmpty { parts.insert("*", at: input.takesPosition ? 1 : 0) }
        // A star with nothing after it isn't allowed.
        if parts.last == "*" { parts.removeLast() }
        return parts
    }

    private static func signature(of input: ToolParameters, _ name: String, limit: Int) -> String {
        var text = name + "("
        let parts = parts(of: input) { "\($0.python): \($0.annotation)\($0.isRequired ? "" : " = ...")" }
        for (place, part) in parts.enumerated() {
            if place > 0 { text += ", " }
            guard text.utf8.count + part.utf8.count < limit else { return text + "…)" }
            text += part
        }
        return text + ")"
    }

    private static func head(of input: ToolParameters, _ name: String, _ returned: String?) -> String {
        let parts = parts(of: input) { parameter in
            "\(parameter.python): \(PythonLiteral.string(parameter.annotation))\(parameter.isRequired ? "" : " = ...")"
        }
        let arrow = returned.map { " -> \(PythonLiteral.string($0))" } ?? ""
        return "def \(name)(\(parts.joined(separator: ", ")))\(arrow):"
    }
}
