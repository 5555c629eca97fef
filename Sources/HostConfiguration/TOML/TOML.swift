import JSON

/// Parses a host's TOML 1.0 file into JSON. Dates and times become strings; of a repeated key, the last value counts.
enum TOML {
    /// The maximum number of tables in a text. Limited because each table may cost a copy of those before it.
    static let maxTables = 5000
    /// The maximum number of parts in a key.
    static let maxPathDepth = 32

    /// Parses a text.
    static func parse(_ bytes: [UInt8]) throws(EditError) -> JSONObject {
        var scanner = TOMLScanner(TextLayout(bytes))
        return try scanner.document()
    }
}

extension TOMLScanner {
    /// Parses the whole text, including its values.
    mutating func document() throws(EditError) -> JSONObject {
        var root = JSONObject()
        var (path, isElement): ([String], Bool) = ([], false)
        var table = JSONObject()
        var tables = 0
        while offset < bytes.count {
            skipBlanks()
            switch peek() {
            case nil, UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "#"): break
            case UInt8(ascii: "["):
                Self.put(table, at: path[...], asElement: isElement, in: &root)
                table = JSONObject()
                switch try header() {
                case .table(let keys), .pair(let keys): (path, isElement) = (keys, false)
                case .arrayOfTables(let keys): (path, isElement) = (keys, true)
                }
                tables += 1
                guard tables <= TOML.maxTables else { throw failure("more than \(TOML.maxTables) tables") }
                guard path.count <= TOML.maxPathDepth else { throw failure("a key with too many parts") }
            default: try readPair(into: &table)
            }
            try finishLine()
        }
        Self.put(table, at: path[...], asElement: isElement, in: &root)
        return root
    }

    private mutating func readPair(into table: inout JSONObject) throws(EditError) {
        let path = try keyPath()
        guard path.count <= TOML.maxPathDepth else { throw failure("a key with too many parts") }
        guard skip("=") else { throw failure("expected '='") }
        skipBlanks()
        Self.set(try readValue(), at: path[...], in: &table)
    }

    private mutating func readValue() throws(EditError) -> JSON {
        switch peek() {
        case UInt8(ascii: "["):
            var list: [JSON] = []
            try elements(until: "]") { scanner throws(EditError) in list.append(try scanner.readValue()) }
            return .array(list)
        case UInt8(ascii: "{"):
            var table = JSONObject()
            try elements(until: "}") { scanner throws(EditError) in try scanner.readPair(into: &table) }
            return .object(table)
        default:
            let start = offset
            try value()
            guard let value = TOMLScalar.read(bytes[start..<offset]) else {
                throw failure("invalid value")
            }
            return value
        }
    }

    /// Inserts a table at its path and merges it with the members that are there already.
    private static func put(
        _ table: JSONObject, at path: ArraySlice<String>, asElement: Bool, in object: inout JSONObject
    ) {
        change(at: path, in: &object) { place in
            if asElement {
                place = .array((place?.arrayValue ?? []) + [.object(table)])
            } else if case .array(var elements)? = place, case .object(let last)? = elements.last {
                elements[elements.count - 1] = .object(merged(last, table))
                place = .array(elements)
            } else {
                place = .object(merged(place?.objectValue ?? JSONObject(), table))
            }
        } root: {
            merged($0, table)
        }
    }

    private static func set(_ value: JSON, at path: ArraySlice<String>, in object: inout JSONObject) {
        change(at: path, in: &object) {
            $0 = value
        } root: {
            $0
        }
    }

    private static func merged(_ object: JSONObject, _ other: JSONObject) -> JSONObject {
        var object = object
        for member in other { object[member.key] = member.value }
        return object
    }

    /// Changes the value at a path. An array of tables on the path stands for its last element.
    private static func change(
        at path: ArraySlice<String>, in object: inout JSONObject, _ body: (inout JSON?) -> Void,
        root: (JSONObject) -> JSONObject
    ) {
        guard let key = path.first else { return object = root(object) }
        guard path.count > 1 else {
            var value = object[key]
            body(&value)
            object[key] = value
            return
        }
        let list = object[key]?.arrayValue ?? []
        var child = (list.last ?? object[key])?.objectValue ?? JSONObject()
        change(at: path.dropFirst(), in: &child, body, root: root)
        object[key] = list.isEmpty ? .object(child) : .array(list.dropLast() + [.object(child)])
    }
}
