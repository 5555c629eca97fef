import JSON

/// Resolves anchors (`&name`), aliases (`*name`) and merge keys (`<<`), if enabled.
///
/// The expansion of aliases is bounded: it must not multiply the size of a document more than a few times.
struct References: Sendable {
    private struct Anchored {
        let value: JSON
        let size: Int
        let depth: Int
    }

    /// The budget for anchored and aliased values; 16 bytes of text count as one more value.
    private static let maxValues = 1_000_000

    private var anchored: [String: Anchored] = [:]
    private var left = maxValues

    /// Records an anchor's value. An anchor with the same name replaces an earlier one from there on.
    mutating func add(_ name: String, _ value: JSON) {
        let (size, depth) = Self.extent(of: value)
        anchored[name] = Anchored(value: value, size: size, depth: depth)
        left -= size
    }

    /// Returns an alias's value and its depth; `nil` if there is no such anchor above.
    mutating func value(of name: String) -> (value: JSON, depth: Int)? {
        guard let found = anchored[name] else { return nil }
        left -= found.size
        return (found.value, found.depth)
    }

    /// Whether the budget is exceeded.
    var isTooMuch: Bool { left < 0 }

    /// Recursion is safe: the parser limits the depth, also of aliases.
    private static func extent(of value: JSON) -> (size: Int, depth: Int) {
        var (size, depth) = (1, 0)
        func add(_ child: JSON) {
            let extent = extent(of: child)
            size += extent.size
            depth = max(depth, extent.depth + 1)
        }
        switch value {
        case .string(let text): size += text.utf8.count / 16
        case .array(let elements): elements.forEach(add)
        case .object(let members):
            for member in members {
                size += member.key.utf8.count / 16
                add(member.value)
            }
        default: break
        }
        return (size, depth)
    }
}

extension YAMLParser {
    /// Parses an alias, or an anchor and its node, if references are enabled and one is at the cursor.
    ///
    /// - Parameter node: parses the node after an anchor.
    /// - Returns: `nil` if none.
    mutating func parseReference(
        _ node: (inout YAMLParser) throws(YAMLError) -> JSON
    ) throws(YAMLError) -> JSON? {
        guard references != nil, let mark = peek(), mark == Ascii.anchor || mark == Ascii.alias else { return nil }
        column += 1
        let start = column
        while let byte = peek(), !Ascii.isBlank(byte), !Ascii.isFlowIndicator(byte) { column += 1 }
        let name = String(decoding: bytes(start..<column), as: UTF8.self)
        guard !name.isEmpty else { throw failure("an anchor or alias without a name") }
        skipBlanks()
        if mark == Ascii.alias { return try value(of: name) }
        let value = try node(&self)
        references?.add(name, value)
        try checkReferences()
        return value
    }

    private mutating func value(of name: String) throws(YAMLError) -> JSON {
        if isAtKeyColon { throw failure("an alias cannot be a key") }
        guard let found = references?.value(of: name) else { throw failure("no anchor &\(name) is defined above") }
        try checkReferences()
        guard depth + found.depth <= YAML.maxDepth else {
            throw failure("nested deeper than \(YAML.maxDepth) levels")
        }
        return found.value
    }

    private func checkReferences() throws(YAMLError) {
        if references?.isTooMuch == true { throw failure("its aliases (*) expand beyond the limit") }
    }

    /// Returns the maps that a merge key includes: one, or several in descending order of precedence.
    func mergeSources(_ value: JSON) throws(YAMLError) -> [JSONObject] {
        var sources: [JSONObject] = []
        for source in value.arrayValue ?? [value] {
            guard let object = source.objectValue else { throw failure("a merge key (<<) accepts only maps") }
            sources.append(object)
        }
        return sources
    }
}

extension JSONObject {
    /// Adds the members of `sources` that are still missing.
    mutating func merge(_ sources: [JSONObject]) {
        for source in sources {
            for member in source where self[member.key] == nil { self[member.key] = member.value }
        }
    }
}
