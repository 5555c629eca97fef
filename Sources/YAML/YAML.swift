public import JSON

/// Reads the YAML that people write in the front matter of skills, and no more.
///
/// Read: plain, single- and double-quoted scalars, `|` and `>` blocks with all their indicators, lists and maps in
/// block and in flow form, comments, scalars that run over several lines. Scalars have the types of the YAML 1.2 core
/// schema: `yes` and `2024-01-01` are strings, `0o17` is an integer. A key is a string, spelled as it was written.
///
/// Refused, each with its name in the error: anchors, aliases and merge keys unless they are asked for, tags, directives,
/// several documents, keys that are not a single scalar, duplicate keys, tabs as indentation, control characters.
///
/// One thing is read that YAML itself forbids, because so many people write it: on the line of a top-level key, the
/// plain value may hold a colon followed by a space. `description: Use when: asked` means what its author meant.
public enum YAML {
    /// How deeply lists and maps may be nested before a text is refused, so that no input can exhaust the stack.
    public static let maximumDepth = 64

    /// Reads one document in time linear in its length. An empty one is null.
    ///
    /// - Throws: ``YAMLError`` with the line of the first fault.
    public static func parse(_ text: String) throws(YAMLError) -> JSON {
        try parse(Array(text.utf8), firstLine: 1)
    }

    /// Reads one document as ``parse(_:)`` does, and anchors, aliases and merge keys in it as what they stand for.
    ///
    /// - Throws: ``YAMLError`` with the line of the first fault, also where aliases stand for much more than the text has.
    public static func parseWithReferences(_ text: String) throws(YAMLError) -> JSON {
        var parser = YAMLParser(source: try SourceText(Array(text.utf8), firstLine: 1))
        parser.references = References()
        return try parser.parseDocument()
    }

    /// Reads a document that is part of a file and begins on that file's line `firstLine`.
    static func parse(_ utf8: [UInt8], firstLine: Int) throws(YAMLError) -> JSON {
        var parser = YAMLParser(source: try SourceText(utf8, firstLine: firstLine))
        return try parser.parseDocument()
    }
}
