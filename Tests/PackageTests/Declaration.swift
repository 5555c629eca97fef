/// A declaration of a type, or of an extension, in Swift source text that `swift format` has formatted.
struct Declaration: Equatable {
    let name: String
    let isExtension: Bool
    /// Whether only its file sees it.
    let isPrivate: Bool
}

extension SourceFile {
    /// The declarations that stand in no other one, in their order.
    var declarations: [Declaration] {
        guard isSwift else { return [] }
        let pattern =
            #/
            ^(?<before>(?:@\w+(?:\(.*\))?\s+|(?:public|package|private|fileprivate|final|indirect|nonisolated)\s+)*)
            (?<kind>struct|class|enum|actor|protocol|typealias|extension)\s+(?<name>\w+)
            /#
        // What the whole text of a file stands in, such as `#if os(Linux)`, indents it.
        var indentation = 0
        return lines.compactMap { line in
            if line.hasPrefix("#if") { indentation = 4 }
            if line.hasPrefix("#endif") { indentation = 0 }
            guard line.prefix(indentation).allSatisfy({ $0 == " " }), line.dropFirst(indentation).first != " ",
                let match = line.dropFirst(indentation).prefixMatch(of: pattern)
            else { return nil }
            return Declaration(
                name: String(match.name), isExtension: match.kind == "extension",
                isPrivate: match.before.contains("private"))
        }
    }

    /// The names of its types that are errors, nested ones too.
    var errorTypes: [String] {
        guard isSwift, text.contains("Error") else { return [] }
        let keywords = ["struct ", "class ", "enum ", "actor ", "protocol ", "extension "]
        let pattern = /\b(?:struct|class|enum|actor|protocol|extension)\s+([\w.]+)(?:<[^>{]*>)?\s*:\s*([^{]*)\{/
        // Splitting a text is work: once for all of its lines.
        let lines = lines
        return lines.indices.compactMap { place in
            guard keywords.contains(where: lines[place].contains) else { return nil }
            let rest = lines[place...].prefix(Self.maxHeadLines)
            let head = rest[...(rest.firstIndex { $0.contains("{") } ?? place)].joined(separator: "\n")
            let code = head.replacing(/(?m)"(?:\\.|[^"\\\n])*"|\/\/.*$/, with: "")
            guard let match = code.firstMatch(of: pattern) else { return nil }
            let kinds = match.2.split { ",&\n".contains($0) }.map { $0.drop { $0 == " " } }
            let isError = kinds.contains { $0.prefixMatch(of: /[\w.]*Error\b(?!<)/) != nil }
            return isError ? match.1.split(separator: ".").last.map(String.init) : nil
        }
    }

    /// Maximum number of lines up to the brace that opens a declaration.
    private static let maxHeadLines = 8
}
