/// The members of a JSON object in their original order, with unique names.
///
/// Small objects (nearly all of them) use linear search; from ``indexThreshold`` members on, an index avoids quadratic
/// time for an object with a hundred thousand names.
public struct JSONObject: Sendable {
    /// A name and its value.
    public struct Member: Sendable, Equatable {
        /// The member's name.
        public let key: String
        /// The member's value.
        public var value: JSON
    }

    static let indexThreshold = 16

    private(set) var members: [Member] = []
    private var index: [String: Int] = [:]

    /// An empty object.
    public init() {}

    /// The number of members.
    public var count: Int { members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { members.isEmpty }

    /// The names, in order.
    public var keys: [String] { members.map(\.key) }

    /// The value of the member named `key`; `nil` if none. Setting `nil` removes the member.
    public subscript(_ key: String) -> JSON? {
        get {
            position(of: key).map { members[$0].value }
        }
        set {
            switch (position(of: key), newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): remove(at: place)
            case (nil, let value?): append(key, value)
            case (nil, nil): break
            }
        }
    }

    /// Returns the value of the member named `key`; `nil` if it is missing or null, which most programs write for
    /// omitted members.
    public func given(_ key: String) -> JSON? {
        let value = self[key]
        return value == .null ? nil : value
    }

    /// Adds a member unless there already is one with that name.
    ///
    /// - Returns: whether it was added.
    mutating func insertIfAbsent(_ key: String, _ value: JSON) -> Bool {
        guard position(of: key) == nil else { return false }
        append(key, value)
        return true
    }

    private func position(of key: String) -> Int? {
        if members.count < Self.indexThreshold {
            return members.firstIndex { $0.key == key }
        }
        return index[key]
    }

    private mutating func append(_ key: String, _ value: JSON) {
        members.append(Member(key: key, value: value))
        if members.count == Self.indexThreshold {
            rebuildIndex()
        } else if members.count > Self.indexThreshold {
            index[key] = members.count - 1
        }
    }

    private mutating func remove(at place: Int) {
        members.remove(at: place)
        index = [:]
        if members.count >= Self.indexThreshold { rebuildIndex() }
    }

    private mutating func rebuildIndex() {
        for (place, member) in members.enumerated() { index[member.key] = place }
    }
}

extension JSONObject: Equatable {
    /// Two objects are equal when they have the same members, whatever their order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSONObject: Sequence {
    /// Iterates over the members in order.
    public func makeIterator() -> IndexingIterator<[Member]> {
        members.makeIterator()
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object with these members, in this order; the last of several with the same name wins.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        for (key, value) in elements { self[key] = value }
    }
}
