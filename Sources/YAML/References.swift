import JSON

/// Anchors (`&name`), aliases (`*name`) and merge keys (`<<`), where they are read.
///
/// What aliases stand for is bounded: a text must not become more than a few times what it could be without them.
struct References: Sendable {
    private struct Anchored {
        let value: JSON
        let size: Int
        let depth: Int
    }

    /// Values that aliases may add, and that may be counted for it. 16 bytes of a text are one more.
    private static let maxValues = 1_000_000

    private var anchored: [String: Anchored] = [:]
    private var left = maxValues

    /// Remembers what an anchor stands for; of two with one name the later counts from there on.
    mutating func add(_ name: String, _ value: JSON) {
        let (size, depth) = Self.extent(of: value)
        anchored[name] = Anchored(value: value, size: size, depth: depth)
        left -= size
    }

    /// What an alias stands for, and how deep that is; `nil` where there is no such anchor above.
    mutating func value(of name: String) -> (value: JSON, depth: Int)? {
        guard let found = anchored[name] else { return nil }
        left -= found.size
        return (found.value, found.depth)
    }

    /// Whether aliases stand for more than is read.
    var isTooMuch: Bool { left < 0 }

    /// Deep values cannot be: the parser has a limit, and holds aliases to it.
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
    /// Reads an alias, or an anchor and the node that it is for, where one begins at the cursor and they are read at all.
    ///
    /// - Parameter node: reads what stands behind an anchor.
    /// - Returns: `nil` where there is none.
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
        guard let found = references?.value(of: name) else { throw failure("there is no anchor &\(name) above") }
        try checkReferences()
        guard depth + found.depth <= YAML.maximumDepth else {
            throw failure("nested deeper than \(YAML.maximumDepth) levels")
        }
        return found.value
    }

    private func checkReferences() throws(YAMLError) {
        if references?.isTooMuch == true { throw failure("its aliases (*) stand for more than is read") }
    }

    /// The maps that a merge key takes in: one, or several of which the first counts most.
    func mergeSources(_ value: JSON) throws(YAMLError) -> [JSONObject] {
        var sources: [JSONObject] = []
        for source in value.arrayValue ?? [value] {
            guard let object = source.objectValue else { throw failure("a merge key (<<) takes maps") }
            sources.append(object)
        }
        return sources
    }
}

extension JSONObject {
    /// Adds the members of others that are not there yet.
    mutating func merge(_ sources: [JSONObject]) {
        for source in sources {
            for member in source where self[member.key] == nil { self[member.key] = member.value }
        }
    }
}
