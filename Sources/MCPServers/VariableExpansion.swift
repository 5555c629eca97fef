import SystemCalls

/// Expands references in a configuration file as widely used hosts do: environment variables as `${NAME}`,
/// `${NAME:-default}`, `${env:NAME}` and `{env:NAME}`, directories as `${workspaceFolder}` and `${userHome}`.
/// Everything else, including `$NAME`, stays unchanged.
enum VariableExpansion {
    /// - Parameters:
    ///   - directory: the workspace directory, in the host's terms.
    ///   - inputs: the values of `${input:NAME}`; with `nil`, only the host can resolve such a reference.
    ///   - onValue: called with the value of each variable and input that may be a secret, and its name for messages.
    /// - Throws: ``ServerConfigurationError`` for a variable that isn't set and has no default, and for references
    ///   that only the host can resolve: started with an unresolved reference in place of a key, a server would fail
    ///   in ways that are hard to explain.
    static func expand(
        _ text: String, from variables: [String: String], directory: String = "/", inputs: InputValues? = nil,
        onValue: (_ name: String, _ value: String) -> Void = { _, _ in }
    ) throws(ServerConfigurationError) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        var expanded = ""
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "{") {
            let opening = rest[..<start].last == "$" ? rest.index(before: start) : start
            expanded += rest[..<opening]
            let inside = rest[rest.index(after: start)...]
            let isDollar = opening < start
            guard let end = inside.firstIndex(of: "}"),
                let value = try value(of: inside[..<end], isDollar: isDollar, variables, directory, inputs, onValue)
            else {
                expanded += isDollar ? "${" : "{"
                rest = inside
                continue
            }
            expanded += value
            rest = inside[inside.index(after: end)...]
        }
        return expanded + rest
    }

    /// - Parameter isDollar: whether a dollar sign precedes the brace.
    /// - Returns: `nil` if it isn't a reference.
    private static func value(
        of text: Substring, isDollar: Bool, _ variables: [String: String], _ directory: String, _ inputs: InputValues?,
        _ onValue: (String, String) -> Void
    ) throws(ServerConfigurationError) -> String? {
        guard isDollar || text.hasPrefix("env:") || text.hasPrefix("file:") else { return nil }
        if isDollar, let inputs, text.hasPrefix("input:") {
            let id = text.dropFirst("input:".count)
            let value = try inputs.value(of: id, from: variables)
            onValue("input \(id)", value)
            return value
        }
        for kind in ["input:", "command:", "config:", "file:", "{"] where text.hasPrefix(kind) {
            // A second brace counts only if a blank follows, as in `${{ NAME }}`; anything else may be ordinary text.
            guard kind != "{" || text.hasPrefix("{ ") else { return nil }
            throw ServerConfigurationError(
                message: """
                    \(isDollar ? "$" : ""){\(text)} is filled in by its host, which asks for it or keeps it: write the \
                    value there, or ${NAME} for an environment variable
                    """)
        }
        guard let reference = Reference(text) else { return nil }
        if let value = variables[reference.name] {
            if !ToolServerEntry.openVariables.contains(reference.name) {
                onValue("variable \(reference.name)", value)
            }
            return value
        }
        switch reference.name {
        case "workspaceFolder", "workspaceRoot", "cwd": return directory
        case "workspaceFolderBasename": return Files.name(of: directory)
        case "userHome": if let home = variables["HOME"] { return home }
        default: break
        }
        guard let value = reference.fallback else {
            throw ServerConfigurationError(
                message: "the environment variable \(reference.name) is not set, and it has no default")
        }
        return value
    }

    private struct Reference {
        let name: String
        let fallback: String?

        /// - Returns: `nil` if it isn't a reference in one of these formats.
        init?(_ text: Substring) {
            var rest = text
            if rest.hasPrefix("env:") { rest = rest.dropFirst(4) }
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard let first = name.first, !first.isNumber else { return nil }
            rest = rest.dropFirst(name.count)
            guard rest.isEmpty || rest.hasPrefix(":-") else { return nil }
            self.name = String(name)
            fallback = rest.isEmpty ? nil : String(rest.dropFirst(2))
        }
    }
}
