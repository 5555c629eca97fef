import JSON

/// Adds up members of a streamed answer that this library does not know, so that they can go back as they came: texts
/// grow, objects are merged, and the elements of arrays too where they have a number.
///
/// A tree of its own, because to change a text deep in a ``JSON`` copies it with each piece.
struct MemberMerger: Sendable {
    private indirect enum Node: Sendable {
        case text(String)
        case list([Node])
        case object([(key: String, node: Node)])
        case value(JSON)
    }

    /// Members that name something: who repeats them with each piece does not mean that they grow.
    private static let names: Set<String> = ["id", "type", "format", "index", "name", "role"]

    private var members: [(key: String, node: Node)] = []
    /// About how many bytes are kept.
    private(set) var byteCount = 0

    /// Whether nothing came.
    var isEmpty: Bool { members.isEmpty }

    /// Takes in the members of a piece. Null says nothing.
    mutating func add(_ piece: JSONObject) {
        for member in piece where member.value != .null {
            byteCount += member.key.utf8.count + Self.size(of: member.value)
            Self.merge(member.value, named: member.key, into: &members)
        }
    }

    /// All members, in the order in which they first came.
    var object: JSONObject { Self.object(members) }

    private static func object(_ members: [(key: String, node: Node)]) -> JSONObject {
        var object = JSONObject()
        for member in members { object[member.key] = json(member.node) }
        return object
    }

    private static func json(_ node: Node) -> JSON {
        switch node {
        case .text(let text): .string(text)
        case .list(let nodes): .array(nodes.map(json))
        case .object(let members): .object(object(members))
        case .value(let value): value
        }
    }

    private static func node(_ value: JSON) -> Node {
        switch value {
        case .string(let text): .text(text)
        case .array(let elements): .list(elements.map(node))
        case .object(let object): .object(object.map { ($0.key, node($0.value)) })
        default: .value(value)
        }
    }

    /// What a value takes in memory, roughly.
    private static func size(of value: JSON) -> Int {
        switch value {
        case .string(let text): 32 + text.utf8.count
        case .array(let elements): elements.reduce(32) { $0 + size(of: $1) }
        case .object(let object): object.reduce(32) { $0 + $1.key.utf8.count + size(of: $1.value) }
        default: 32
        }
    }

    private static func merge(_ value: JSON, named key: String, into members: inout [(key: String, node: Node)]) {
        guard let place = members.firstIndex(where: { $0.key == key }) else {
            members.append((key, node(value)))
            return
        }
        merge(value, named: key, into: &members[place].node)
    }

    private static func merge(_ value: JSON, named key: String, into node: inout Node) {
        // What grows is taken out before: else each piece would copy what came before it.
        if value == .null { return }
        if case .text(var text) = node, case .string(let more) = value {
            if names.contains(key) {
                if text.isEmpty { node = .text(more) }
            } else if !key.hasSuffix("signature") || text != more {
                node = .value(.null)
                text += more
                node = .text(text)
            }
        } else if case .list(var nodes) = node, case .array(let elements) = value {
            node = .value(.null)
            add(elements, to: &nodes)
            node = .list(nodes)
        } else if case .object(var members) = node, case .object(let object) = value {
            node = .value(.null)
            for member in object { merge(member.value, named: member.key, into: &members) }
            node = .object(members)
        } else {
            node = Self.node(value)
        }
    }

    /// Elements with a number go on with the last of that number and kind; others are further ones.
    private static func add(_ elements: [JSON], to nodes: inout [Node]) {
        // Elements of one piece are never parts of each other.
        let known = nodes.count
        for element in elements {
            if let number = element["index"]?.integerValue,
                let place = nodes[..<known].lastIndex(where: { continues($0, element, number) })
            {
                merge(element, named: "", into: &nodes[place])
            } else {
                nodes.append(node(element))
            }
        }
    }

    private static func continues(_ node: Node, _ element: JSON, _ number: Int) -> Bool {
        guard case .object(let members) = node else { return false }
        func text(_ key: String) -> String? {
            for case (key, .text(let text)) in members { return text }
            return nil
        }
        func agrees(_ key: String) -> Bool {
            guard let old = text(key), let new = element[key]?.stringValue else { return true }
            return old == new
        }
        let hasNumber = members.contains { member in
            if member.key == "index", case .value(.integer(number)) = member.node { true } else { false }
        }
        return hasNumber && agrees("type") && agrees("id")
    }
}
