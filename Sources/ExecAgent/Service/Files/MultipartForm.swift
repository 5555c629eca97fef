/// A form with files: `multipart/form-data` (RFC 7578). Does no I/O.
struct MultipartForm: Sendable {
    /// A field of the form.
    struct Part: Sendable {
        let name: String
        /// The name of the file; `nil` for a field that is not a file.
        let fileName: String?
        let mediaType: String?
        /// The place of its content in the body.
        let content: Range<Int>
    }

    private static let maxParts = 64
    private static let maxHead = 16 * 1024
    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    let parts: [Part]
    private let body: [UInt8]

    /// - Parameter contentType: the field `Content-Type` of the request.
    /// - Returns: `nil` if it isn't such a form.
    init?(_ body: [UInt8], contentType: String) {
        guard let boundary = Self.boundary(contentType) else { return nil }
        self.body = body
        let mark = Array("--\(boundary)".utf8)
        guard body.starts(with: mark) || Self.place(of: Self.lineEnd + mark, in: body, from: 0) != nil else {
            return nil
        }
        // What precedes the first boundary is ignored.
        var place = body.starts(with: mark) ? 0 : (Self.place(of: Self.lineEnd + mark, in: body, from: 0) ?? 0) + 2
        var parts: [Part] = []
        while true {
            place += mark.count
            if body[place...].starts(with: "--".utf8) { break }
            // Blanks may follow a boundary.
            while place < body.count, body[place] == 0x20 || body[place] == 0x09 { place += 1 }
            guard body[place...].starts(with: Self.lineEnd), parts.count < Self.maxParts else { return nil }
            place += 2
            let headEnd: Int
            if body[place...].starts(with: Self.lineEnd) {
                headEnd = place
            } else {
                guard let end = Self.place(of: Self.lineEnd + Self.lineEnd, in: body, from: place) else { return nil }
                headEnd = end + 2
            }
            let start = headEnd + 2
            guard headEnd - place <= Self.maxHead,
                let end = Self.place(of: Self.lineEnd + mark, in: body, from: start - 2), end >= start - 2,
                let part = Self.part(body[place..<headEnd], start..<max(start, end))
            else { return nil }
            parts.append(part)
            place = end + 2
        }
        self.parts = parts
    }

    /// Returns the content of a part.
    func bytes(of part: Part) -> [UInt8] { Array(body[part.content]) }

    /// Returns the value of a field that is not a file; `nil` if it is missing.
    func text(_ name: String) -> String? {
        parts.first { $0.name == name && $0.fileName == nil }.flatMap {
            $0.content.count <= 64 * 1024 ? String(validating: body[$0.content], as: UTF8.self) : nil
        }
    }

    /// Returns the file of this name.
    func file(_ name: String) -> Part? { parts.first { $0.name == name && $0.fileName != nil } }

    // MARK: - Heads

    private static func boundary(_ contentType: String) -> String? {
        guard contentType.prefix(while: { $0 != ";" }).trimmingBlanks.lowercased() == "multipart/form-data" else {
            return nil
        }
        let boundary = parameters(contentType)["boundary"]
        return boundary.flatMap { (1...70).contains($0.utf8.count) ? $0 : nil }
    }

    private static func part(_ head: ArraySlice<UInt8>, _ content: Range<Int>) -> Part? {
        var disposition: [String: String]?
        var mediaType: String?
        for line in head.split(separator: 0x0A) {
            guard let text = String(validating: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self),
                let colon = text.firstIndex(of: ":")
            else { return nil }
            let value = text[text.index(after: colon)...].trimmingBlanks
            switch text[..<colon].lowercased() {
            case "content-disposition" where value.lowercased().hasPrefix("form-data"): disposition = parameters(value)
            case "content-type": mediaType = value
            default: break
            }
        }
        guard let disposition, let name = disposition["name"] else { return nil }
        return Part(name: name, fileName: disposition["filename"], mediaType: mediaType, content: content)
    }

    /// Returns the parameters of a field's value, by their names in lower case: `a; name="b"`.
    private static func parameters(_ value: some StringProtocol) -> [String: String] {
        var found: [String: String] = [:]
        var rest = Array(value.unicodeScalars)[...]
        rest = rest.drop { $0 != ";" }
        while let first = rest.first {
            if first == ";" || first == " " || first == "\t" {
                rest = rest.dropFirst()
                continue
            }
            let name = text(rest.prefix { $0 != "=" && $0 != ";" }).trimmingBlanks.lowercased()
            rest = rest.drop { $0 != "=" && $0 != ";" }
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            var value: [Unicode.Scalar] = []
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while let scalar = rest.first, scalar != "\"" {
                    // Only these two are escaped: a backslash may be part of a name.
                    let next = rest.dropFirst().first
                    if scalar == "\\", next == "\"" || next == "\\" { rest = rest.dropFirst() }
                    if let scalar = rest.first { value.append(scalar) }
                    rest = rest.dropFirst()
                }
                rest = rest.dropFirst()
            } else {
                value = Array(rest.prefix { $0 != ";" })
                rest = rest.dropFirst(value.count)
            }
            // As browsers and most libraries escape what a quoted text cannot contain.
            found[name] = text(value[...]).trimmingBlanks.replacing("%22", with: "\"")
        }
        return found
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    /// Returns where `wanted` is found next. That takes linear time: it begins with a carriage return, and boundaries have
    /// none.
    private static func place(of wanted: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        body.withUnsafeBufferPointer { body in
            guard body.count >= wanted.count, start >= 0 else { return nil }
            var place = start
            while place <= body.count - wanted.count {
                var matched = 0
                while matched < wanted.count, body[place + matched] == wanted[matched] { matched += 1 }
                if matched == wanted.count { return place }
                place += 1
            }
            return nil
        }
    }
}

extension StringProtocol {
    fileprivate var trimmingBlanks: String {
        String(String(drop { $0 == " " || $0 == "\t" }.reversed()).drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
