import JSON

/// A page of a list, as OpenAI's APIs describe one: `limit`, `order` and `after`.
struct ListPage: Sendable {
    private let count: Int
    private let isDescending: Bool
    private let after: String?

    /// - Throws: ``APIRequestError`` with status 400.
    init(_ query: PageQuery, maxCount: Int, defaultCount: Int) throws(APIRequestError) {
        count = min(max(try query.number("limit") ?? defaultCount, 1), maxCount)
        isDescending = query.text("order") != "asc"
        after = query.text("after")
    }

    /// Returns the page of these elements, which are in ascending order and have an `id`.
    func json(_ elements: [JSON]) -> JSON {
        var rest = (isDescending ? elements.reversed() : elements)[...]
        if let after, let place = rest.firstIndex(where: { $0["id"]?.stringValue == after }) {
            rest = rest[(place + 1)...]
        }
        let page = rest.prefix(count)
        return [
            "object": "list", "data": .array(Array(page)), "first_id": page.first?["id"] ?? .null,
            "last_id": page.last?["id"] ?? .null, "has_more": .bool(page.count < rest.count),
        ]
    }
}
