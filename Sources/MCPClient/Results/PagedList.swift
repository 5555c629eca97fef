import JSON

/// A list that a server gives page by page. What is odd about it costs no more than the odd part.
struct PagedList<Element> {
    private(set) var elements: [Element] = []
    /// Whether a page has come.
    private(set) var hasPages = false

    private let name: String
    private let identity: KeyPath<Element, String>
    private let limits: ClientLimits
    private var pages = 0
    private var size = 0
    // By their bytes: Swift takes different spellings of one character for the same.
    private var seen: Set<[UInt8]> = []
    private var cursors: Set<[UInt8]> = []

    /// - Parameters:
    ///   - name: the member of each page that holds the elements.
    ///   - identity: what tells an element from the others; of those with the same only the first counts.
    init(of name: String, _ identity: KeyPath<Element, String>, _ limits: ClientLimits) {
        self.name = name
        self.identity = identity
        self.limits = limits
    }

    /// Takes a page.
    ///
    /// - Parameters:
    ///   - size: bytes of the page on the wire.
    ///   - remark: told what is left out.
    ///   - element: reads an element.
    /// - Returns: the cursor of the next page; `nil` where this is the last that counts.
    /// - Throws: ``MCPClientError/malformed(_:)`` where the page is none.
    mutating func add(
        _ page: JSONObject, size: Int, remark: (String) -> Void, _ element: (JSON) throws(MCPClientError) -> Element
    ) throws(MCPClientError) -> String? {
        let fields = Fields(page, of: "the answer to \(name)/list")
        let values = try Self.elements(fields, name)
        hasPages = true
        pages += 1
        self.size += size
        for value in values {
            do throws(MCPClientError) {
                let element = try element(value)
                guard seen.insert(Array(element[keyPath: identity].utf8)).inserted else { continue }
                guard elements.count < limits.elements else {
                    remark("it lists more than \(limits.elements) \(name); the rest is left out")
                    return nil
                }
                elements.append(element)
            } catch {
                remark("one of its \(name) is left out: \(error.reason)")
            }
        }
        return next(fields.value("nextCursor"), remark)
    }

    /// The elements of a page, also where the names stand before them instead of in them, or where there is one without
    /// its list.
    private static func elements(_ page: Fields, _ name: String) throws(MCPClientError) -> [JSON] {
        guard case .object(let members)? = page.value(name) else { return try page.array(name) }
        if members["name"]?.stringValue != nil || members["uri"]?.stringValue != nil { return [.object(members)] }
        return members.map { member in
            guard var element = member.value.objectValue else { return member.value }
            if element.given("name") == nil { element["name"] = .string(member.key) }
            return .object(element)
        }
    }

    private mutating func next(_ cursor: JSON?, _ remark: (String) -> Void) -> String? {
        let text: String
        switch cursor {
        case nil, .null: return nil
        case .string(let cursor): text = cursor
        case .some(let other):
            remark("its list of \(name) has a nextCursor that is no string but \(other.kindDescription)")
            return nil
        }
        // Not in the protocol, but what there is no more of is often written so.
        guard !text.isEmpty else { return nil }
        guard cursors.insert(Array(text.utf8)).inserted else {
            remark("its list of \(name) runs in a circle; what came before counts")
            return nil
        }
        guard pages < limits.pages, size <= limits.lineBytes else {
            remark("its list of \(name) has more than \(pages) pages or \(size) bytes; the rest is left out")
            return nil
        }
        return text
    }
}
