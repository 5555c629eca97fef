/// A Python module in `/tools` that describes itself in its docstring.
public struct ToolModule: Sendable, Equatable {
    /// Name to import it by.
    public let name: String
    /// What it is for; empty where the docstring does not say.
    public let description: String
    /// Its functions, each as the docstring lists it: `name(arguments): what it does`.
    public let functions: [String]

    private static let maximumFileSize = 1024 * 1024

    /// The modules in a directory of the host, by name. Names that begin with `_` are private.
    public static func load(from directory: String) -> [ToolModule] {
        Files.names(in: directory).compactMap { fileName in
            guard fileName.hasSuffix(".py"), !fileName.hasPrefix("_"),
                let content = Files.read("\(directory)/\(fileName)", limit: maximumFileSize)
            else { return nil }
            let docstring = moduleDocstring(of: String(decoding: content, as: UTF8.self)) ?? ""
            return ToolModule(name: String(fileName.dropLast(3)), docstring: docstring)
        }
    }

    /// Reads `Name:`, `Description:` and the bullets under `Available Functions:`. A value goes on in lines that are
    /// indented deeper than its key.
    init(name: String, docstring: String) {
        self.name = name
        var description = ""
        var functions: [String] = []
        var section = ""
        for line in docstring.split(separator: "\n", omittingEmptySubsequences: false) {
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

    /// The string that a Python file begins with, behind comments and blank lines; `nil` where there is none.
    static func moduleDocstring(of source: String) -> String? {
        var rest = source[...]
        while true {
            rest = rest.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
            guard rest.first == "#" else { break }
            rest = rest.drop { !$0.isNewline }
        }
        if let prefix = rest.first, "rRuU".contains(prefix) { rest = rest.dropFirst() }
        for quote in ["\"\"\"", "'''", "\"", "'"] where rest.hasPrefix(quote) {
            let body = rest.dropFirst(quote.count)
            var end = body.startIndex
            while end < body.endIndex {
                if body[end] == "\\" {
                    end = body.index(end, offsetBy: 2, limitedBy: body.endIndex) ?? body.endIndex
                    continue
                }
                if body[end...].hasPrefix(quote) { return String(body[..<end]) }
                if quote.count == 1, body[end].isNewline { return nil }
                end = body.index(after: end)
            }
            return nil
        }
        return nil
    }
}

extension StringProtocol {
    /// The text without white space at its ends.
    var trimmingBlanks: SubSequence {
        let start = self.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return start[start.endIndex...] }
        return start[...last]
    }
}
