/// The members of a JSON object, in the order they were written, each name once.
///
/// Small objects (nearly all there are) are searched in a row; from ``indexThreshold`` members on, an index keeps an
/// object with a hundred thousand names from taking quadratic time.
public struct JSONObject: Sendable {
    /// One name with its value.
    public struct Member: Sendable, Equatable {
        /// The member's name.
        public let key: String
        /// The member's value.
        public var value: JSON
    }

    static let indexThreshold = 16

    private(set) var members: [Member] = []
    private var index: [String: Int] = [:]

    /// An object without members.
    public init() {}

    /// How many members there are.
    public var count: Int { members.count }

    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }

    /// The names, in order.
    public var keys: [String] { members.map(\.key) }

    /// The value of the member named `key`; setting `nil` removes the member.
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

    /// The value of the member named `key`; `nil` where there is none or where it is null, which most programs write for
    /// what they leave out.
    public func given(_ key: String) -> JSON? {
        let value = self[key]
        return value == .null ? nil : value
    }

    /// Adds a member unless there is one of that name already.
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
    /// Walks the members in order.
    public func makeIterator() -> IndexingIterator<[Member]> {
        members.makeIterator()
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object with these members, in this order; of two members with one name the later wins.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        for (key, value) in elements { self[key] = value }
    }
}
