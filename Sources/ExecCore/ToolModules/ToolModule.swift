import SystemCalls

/// A Python module in `/tools` whose docstring describes it.
public struct ToolModule: Sendable, Equatable {
    /// The name to import it by.
    public let name: String
    /// Its purpose; empty if the docstring doesn't state it.
    public let description: String
    /// Its functions as listed in the docstring: `name(arguments): what it does`.
    public let functions: [String]

    private static let maxFileSize = 1024 * 1024

    /// Returns the modules in a host directory, sorted by name. Names that start with `_` are private.
    public static func load(from directory: String) -> [ToolModule] {
        Files.names(in: directory).compactMap { fileName in
            guard fileName.hasSuffix(".py"), !fileName.hasPrefix("_"), HostMounts.canMount(fileName),
                let content = Files.read("\(directory)/\(fileName)", limit: maxFileSize)
            else { return nil }
            let docstring = moduleDocstring(of: String(decoding: content, as: UTF8.self)) ?? ""
            return ToolModule(name: String(fileName.dropLast(3)), docstring: docstring)
        }
    }

    /// Parses `Name:`, `Description:` and the bullets under `Available Functions:`. A value continues on lines that
    /// are indented deeper than its key.
    init(name: String, docstring: String) {
        self.name = name
        var description = ""
        var functions: [String] = []
        var section = ""
        for line in docstring.lines {
            let text = line.trimmingBlanks
            if let colon = text.firstIndex(of: ":"), line.first?.isWhitespace != true,
                text[..<colon].allSatisfy({ $0.isLetter || $0 == " " })
            {
                section = text[..<colon].lowercased()
                if section == "description" { description = String(text[text.index(after: colon)...].trimmingBlanks) }
            } else if text.hasPrefix("- ") || text.hasPrefix("* ") {
                if section == "available functions" { functions.append(String(text.dropFirst(2).trimmingBlanks)) }
            } else if !text.isEmpty {
                if section == "description" {
                    description += description.isEmpty ? text : " " + text
                } else if section == "available functions", !functions.isEmpty {
                    functions[functions.count - 1] += " " + text
                }
            }
        }
        self.description = description
        self.functions = functions
    }

    /// The string literal at the start of a Python file, after comments and blank lines; `nil` if none.
    static func moduleDocstring(of source: String) -> String? {
        // Compares bytes, as Python does: a quote followed by a combining mark is not a quote to Swift.
        var rest = Array(source.utf8)[...]
        if rest.starts(with: "\u{FEFF}".utf8) { rest = rest.dropFirst(3) }
        while true {
            rest = rest.drop(while: " \t\u{0C}\r\n".utf8.contains)
            guard rest.first == UInt8(ascii: "#") else { break }
            rest = rest.drop { !isLineEnd($0) }
        }
        if let prefix = rest.first, "rRuU".utf8.contains(prefix) { rest = rest.dropFirst() }
        let quotes = ["\"\"\"", "'''", "\"", "'"].map { Array($0.utf8) }
        guard let quote = quotes.first(where: rest.starts) else { return nil }
        let body = rest.dropFirst(quote.count)
        var end = body.startIndex
        while end < body.endIndex {
            if body[end...].starts(with: quote) { return String(decoding: body[..<end], as: UTF8.self) }
            if body[end] == UInt8(ascii: "\\") {
                end += body[(end + 1)...].starts(with: "\r\n".utf8) ? 2 : 1
            } else if quote.count == 1, isLineEnd(body[end]) {
                return nil
            }
            end += 1
        }
        return nil
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }
}

extension StringProtocol {
    /// The text without leading and trailing white space.
    var trimmingBlanks: SubSequence {
        let start = self.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start[start.endIndex...] }
        return start[...last]
    }
}
