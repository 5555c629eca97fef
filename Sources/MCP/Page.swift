public import JSON
public import JSONRPC

/// One page of a list, and the cursor of the next (server/utilities/pagination, all revisions).
///
/// A cursor names the last element shown, not a position: elements added or removed in the meantime make no other
/// element appear twice or get lost.
public struct Page<Element: Sendable>: Sendable {
    /// The elements on the page.
    public let elements: [Element]
    /// The cursor of the next page; `nil` on the last one.
    public let nextCursor: String?

    /// Returns the page that `cursor` refers to; the first page if it is missing or null.
    ///
    /// - Parameters:
    ///   - list: the name of the list, so that a cursor is valid for its own list only.
    ///   - elements: all elements, in ascending order of their keys.
    ///   - key: returns the key that identifies an element.
    ///   - size: the maximum number of elements per page.
    /// - Throws: -32602 for a cursor that this list did not issue.
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

    /// Returns the key of the last element before the page that `cursor` refers to, so that the elements up to it need
    /// not be created; `nil` for the first page.
    ///
    /// - Parameter list: the name of the list.
    /// - Throws: -32602 for a cursor that this list did not issue.
    public static func keyBefore(_ cursor: JSON?, of list: String) throws(RPCError) -> String? {
        guard let cursor, cursor != .null else { return nil }
        return try Cursor.key(cursor, list: list)
    }

    /// Returns the page as the members of a result: its elements under `name`, and the cursor if there are more.
    ///
    /// - Parameter json: encodes an element; `nil` omits it.
    public func members(_ name: String, _ json: (Element) -> JSON?) -> JSONObject {
        var members: JSONObject = [name: .array(elements.compactMap(json))]
        members["nextCursor"] = nextCursor.map(JSON.string)
        return members
    }
}

/// Cursors are opaque to clients: the list's name and the key, hex-encoded.
private enum Cursor {
    /// The longest accepted cursor in bytes: enough for a directory listing with two URIs of maximum length.
    private static let maxLength = 40 * 1024
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(list: String, key: String) -> String {
        let bytes = "\(list):\(key)".utf8.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func key(_ cursor: JSON, list: String) throws(RPCError) -> String {
        let text = cursor.stringValue?.utf8
        guard let text, !text.isEmpty, text.count <= maxLength, text.count.isMultiple(of: 2) else { throw unknown }
        let values = text.compactMap { digits.firstIndex(of: $0) }
        guard values.count == text.count else { throw unknown }
        let bytes = stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
        let prefix = Array("\(list):".utf8)
        guard bytes.starts(with: prefix), let key = String(validating: bytes.dropFirst(prefix.count), as: UTF8.self)
        else { throw unknown }
        return key
    }

    private static var unknown: RPCError {
        .invalidParams("cursor was not issued by this server for this list.")
    }
}
