public import JSON
public import JSONRPC

/// One page of a list, and the cursor that leads on (server/utilities/pagination, all revisions).
///
/// A cursor names the last element that was shown, not a position: what comes or goes meanwhile makes no other element
/// appear twice or not at all.
public struct Page<Element: Sendable>: Sendable {
    /// What is on it.
    public let elements: [Element]
    /// What to ask the next page with; `nil` on the last one.
    public let nextCursor: String?

    /// Takes the page that `cursor` leads to.
    ///
    /// - Parameters:
    ///   - list: the name of the list, so that one list's cursor is none of another's.
    ///   - elements: all of them, in ascending order of their keys.
    ///   - key: what an element is known by.
    ///   - size: how many elements a page has at most.
    /// - Throws: -32602 for a cursor that this list did not give out.
    public init(
        of list: String, _ elements: [Element], key: (Element) -> String, cursor: JSON?, size: Int
    ) throws(RPCError) {
        var start = 0
        if let cursor {
            let last = try Cursor.key(cursor, list: list)
            start = elements.firstIndex { key($0) > last } ?? elements.count
        }
        let end = min(start + size, elements.count)
        self.elements = Array(elements[start..<end])
        nextCursor = end < elements.count && end > start ? Cursor.text(list: list, key: key(elements[end - 1])) : nil
    }

    /// The key of the last element that was shown before the page that `cursor` leads to, so that the elements up to it
    /// need not be made; `nil` for the first page.
    ///
    /// - Parameter list: the name of the list.
    /// - Throws: -32602 for a cursor that this list did not give out.
    public static func keyBefore(_ cursor: JSON?, of list: String) throws(RPCError) -> String? {
        guard let cursor else { return nil }
        return try Cursor.key(cursor, list: list)
    }

    /// The page as a result has it: its elements under `name`, and the cursor where there is more.
    ///
    /// - Parameter json: an element as it is written; `nil` leaves it out.
    public func members(_ name: String, _ json: (Element) -> JSON?) -> JSONObject {
        var members: JSONObject = [name: .array(elements.compactMap(json))]
        members["nextCursor"] = nextCursor.map(JSON.string)
        return members
    }
}

/// Cursors are opaque to clients: hexadecimal digits of the list's name and the key.
private enum Cursor {
    static func text(list: String, key: String) -> String {
        "\(list):\(key)".utf8.map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    static func key(_ cursor: JSON, list: String) throws(RPCError) -> String {
        let digits = cursor.stringValue.map { Array($0.utf8) } ?? []
        let bytes = stride(from: 0, to: digits.count - digits.count % 2, by: 2).compactMap { place in
            UInt8(String(decoding: digits[place...place + 1], as: UTF8.self), radix: 16)
        }
        let prefix = Array("\(list):".utf8)
        guard !digits.isEmpty, bytes.count * 2 == digits.count, bytes.starts(with: prefix),
            let key = String(validating: bytes.dropFirst(prefix.count), as: UTF8.self),
            digits.elementsEqual(text(list: list, key: key).utf8)
        else {
            throw .invalidParams("cursor is not one that this server gave out for this list.")
        }
        return key
    }
}
