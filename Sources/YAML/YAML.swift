public import JSON

/// A parser for the subset of YAML that people write in the front matter of skills.
///
/// Supported: plain, single- and double-quoted scalars, `|` and `>` blocks with all their indicators, block and flow
/// lists and maps, comments, multi-line scalars. Scalars have the types of the YAML 1.2 core schema: `yes` and
/// `2024-01-01` are strings, `0o17` is an integer. A key is a string, spelled as written.
///
/// Rejected, each with its name in the error: anchors, aliases and merge keys unless enabled, tags, directives,
/// multiple documents, keys that are not a single scalar, duplicate keys, tabs as indentation, control characters.
///
/// One extension to YAML, because so many people write it: on the line of a top-level key, the plain value may contain
/// a colon followed by a space. `description: Use when: asked` is parsed as its author intended.
public enum YAML {
    /// The maximum nesting depth of lists and maps, so that no input can exhaust the stack.
    public static let maxDepth = 64

    /// Parses one document in linear time. An empty one is null.
    ///
    /// - Throws: ``YAMLError`` with the line of the first fault.
    public static func parse(_ text: String) throws(YAMLError) -> JSON {
        try parse(Array(text.utf8), firstLine: 1)
    }

    /// Parses one document as ``parse(_:)`` does, and expands anchors, aliases and merge keys.
    ///
    /// - Throws: ``YAMLError`` with the line of the first fault, also if aliases expand to much more than the text.
    public static func parseWithReferences(_ text: String) throws(YAMLError) -> JSON {
        var parser = YAMLParser(source: try SourceText(Array(text.utf8), firstLine: 1))
        parser.references = References()
        return try parser.parseDocument()
    }

    /// Parses a document that is part of a file and starts on that file's line `firstLine`.
    static func parse(_ utf8: [UInt8], firstLine: Int) throws(YAMLError) -> JSON {
        var parser = YAMLParser(source: try SourceText(utf8, firstLine: firstLine))
        return try parser.parseDocument()
    }
}
