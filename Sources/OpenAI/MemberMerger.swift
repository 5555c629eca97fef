import JSON

/// Merges the fragments of members that this library doesn't know, so they can be sent back unchanged: strings are
/// concatenated, objects merged, and array elements too if they have an index.
///
/// Uses its own tree, because changing a string deep inside a ``JSON`` value would copy it for each fragment.
struct MemberMerger: Sendable {
    private indirect enum Node: Sendable {
        case text(String)
        case list([Node])
        case object([(key: String, node: Node)])
        case value(JSON)
    }

    /// Members that identify something: a repeated value isn't a continuation.
    private static let names: Set<String> = ["id", "type", "format", "index", "name", "role"]

    /// Beginnings of the names of members that contain reasoning. A message's content does if it has parts for it.
    private static let reasoning = ["thinking", "reasoning", "content"]

    private var members: [(key: String, node: Node)] = []
    /// Approximate number of bytes kept.
    private(set) var byteCount = 0

    var isEmpty: Bool { members.isEmpty }

    /// Adds the members of a fragment. Null is ignored.
    mutating func add(_ piece: JSONObject) {
        for member in piece where member.value != .null {
            byteCount += member.key.utf8.count + Self.size(of: member.value)
            Self.merge(member.value, named: member.key, into: &members)
        }
    }

    /// All members, in order of first appearance.
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

    /// Returns the approximate memory size of a value, in bytes.
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
        // A growing value is moved out first, so each fragment doesn't copy what came before it.
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
            add(elements, named: key, to: &nodes)
            node = .list(nodes)
        } else if case .object(var members) = node, case .object(let object) = value {
            node = .value(.null)
            for member in object { merge(member.value, named: member.key, into: &members) }
            node = .object(members)
        } else {
            node = Self.node(value)
        }
    }

    /// An element with an index continues the last one with the same index, type and id; an element of reasoning
    /// without an index continues the last one until a signature ends that. Others are appended.
    private static func add(_ elements: [JSON], named key: String, to nodes: inout [Node]) {
        // Elements within one fragment are never parts of each other.
        let known = nodes.count
        let isReasoning = reasoning.contains(where: key.hasPrefix)
        for element in elements {
            if isReasoning, nodes.count == known, let last = nodes.last, goesOn(last, element) {
                merge(element, named: "", into: &nodes[known - 1])
            } else if let number = element["index"]?.integerValue,
                let place = nodes[..<known].lastIndex(where: { continues($0, element, number) })
            {
                merge(element, named: "", into: &nodes[place])
            } else {
                nodes.append(node(element))
            }
        }
    }

    /// Whether an element without an index continues the last one.
    private static func goesOn(_ node: Node, _ element: JSON) -> Bool {
        guard case .object(let members) = node, element["index"] == nil, element["data"] == nil,
            let type = element["type"]?.stringValue
        else { return false }
        return !members.contains { member in
            switch (member.key, member.node) {
            case ("index", _), ("data", _): true
            case ("signature", .text(let text)): !text.isEmpty
            case ("type", .text(let text)): text != type
            case ("id", .text(let text)): element["id"].map { $0 != .string(text) } ?? false
            default: false
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
