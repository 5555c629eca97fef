import JSON

/// Collects a list that a server returns page by page. A defect costs only the defective part.
struct PagedList<Element> {
    private(set) var elements: [Element] = []
    /// Whether a page has arrived.
    private(set) var hasPages = false

    private let name: String
    private let identity: KeyPath<Element, String>
    private let limits: ClientLimits
    private var pages = 0
    private var size = 0
    // By bytes: Swift treats different Unicode compositions of one character as equal.
    private var seen: Set<[UInt8]> = []
    private var cursors: Set<[UInt8]> = []

    /// - Parameters:
    ///   - name: the member of each page that holds the elements.
    ///   - identity: identifies an element; of several with the same identity only the first counts.
    init(of name: String, _ identity: KeyPath<Element, String>, _ limits: ClientLimits) {
        self.name = name
        self.identity = identity
        self.limits = limits
    }

    /// Adds a page.
    ///
    /// - Parameters:
    ///   - size: the size of the page on the wire in bytes.
    ///   - remark: called with each part that is left out.
    ///   - element: parses an element.
    /// - Returns: the cursor of the next page; `nil` if this is the last one to read.
    /// - Throws: ``MCPClientError/malformed(_:)`` if it isn't a valid page.
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
                guard !DeepValues.areMissing(from: value) else {
                    let name = value["name"]?.stringValue ?? value["uri"]?.stringValue ?? ""
                    throw .malformed("\(name.beginning(100)) is nested deeper than \(JSON.maxDepth) levels")
                }
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

    /// Returns the elements of a page; also accepts an object keyed by name, or a single element without an array.
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
            remark("its list of \(name) has a nextCursor that must be a string, not \(other.kindDescription)")
            return nil
        }
        // Not in the protocol, but many servers mark the last page this way.
        guard !text.isEmpty else { return nil }
        guard cursors.insert(Array(text.utf8)).inserted else {
            remark("its list of \(name) repeats a cursor; the pages before it are used")
            return nil
        }
        guard pages < limits.pages, size <= limits.lineBytes else {
            let bound = pages < limits.pages ? "\(limits.lineBytes) bytes" : "\(limits.pages) pages"
            remark("its list of \(name) has more than \(bound); the rest is left out")
            return nil
        }
        return text
    }
}
