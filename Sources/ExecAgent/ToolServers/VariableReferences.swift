/// References to environment variables in a configuration file, as widely used hosts expand them: `${NAME}`,
/// `${NAME:-default}` and `${env:NAME}`. Everything else, `$NAME` too, stays as it is.
enum VariableReferences {
    /// - Throws: ``ConfigurationError`` for a variable that is not set and has no default: started with the bare
    ///   reference in the place of a key, a server would fail in ways that nobody understands.
    static func expand(_ text: String, from variables: [String: String]) throws(ConfigurationError) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var expanded = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "${") {
            expanded += rest[..<start.lowerBound]
            let inside = rest[start.upperBound...]
            guard let end = inside.firstIndex(of: "}"), let reference = Reference(inside[..<end]) else {
                expanded += "${"
                rest = inside
                continue
            }
            guard let value = variables[reference.name] ?? reference.fallback else {
                throw ConfigurationError(
                    message: "the environment variable \(reference.name) is not set, and there is no default for it")
            }
            expanded += value
            rest = inside[inside.index(after: end)...]
        }
        return expanded + rest
    }

    private struct Reference {
        let name: String
        let fallback: String?

        /// - Returns: `nil` for what is no reference of these forms.
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
