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

    /// Takes the page that `cursor` leads to; the first one where it is null, as where there is none.
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
        if let cursor, cursor != .null {
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
        guard let cursor, cursor != .null else { return nil }
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
    /// The longest that is looked at, in bytes: the list of a directory, with two URIs of the greatest length in it.
    private static let maximumLength = 40 * 1024
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(list: String, key: String) -> String {
        let bytes = "\(list):\(key)".utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func key(_ cursor: JSON, list: String) throws(RPCError) -> String {
        let text = cursor.stringValue?.utf8
        guard let text, !text.isEmpty, text.count <= maximumLength, text.count.isMultiple(of: 2) else { throw unknown }
        let values = text.compactMap { digits.firstIndex(of: $0) }
        guard values.count == text.count else { throw unknown }
        let bytes = stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
        let prefix = Array("\(list):".utf8)
        guard bytes.starts(with: prefix), let key = String(validating: bytes.dropFirst(prefix.count), as: UTF8.self)
        else { throw unknown }
        return key
    }

    private static var unknown: RPCError {
        .invalidParams("cursor is not one that this server gave out for this list.")
    }
}
