import Diagnostics
import SystemCalls

/// Python packages that somebody wants in an image beyond those of its variant, in the format of pip's requirements
/// files.
///
/// The build has only the text, on whatever machine the engine is, so what refers to other files is rejected.
public struct AddedRequirements: Sendable, Equatable {
    private static let maxSize = 256 * 1024
    private static let maxLine = 2000
    /// Their names become a label of the image, which is one argument of the engine's command line.
    private static let maxPackages = 500
    private static let maxName = 100
    /// Options that are allowed, with or without a value.
    private static let options: Set<String> = [
        "-i", "--index-url", "--extra-index-url", "--no-index", "--trusted-host", "--pre", "--prefer-binary",
        "--only-binary", "--no-binary",
    ]
    private static let fileEndings = [".whl", ".tar.gz", ".zip", ".txt"]

    /// What pip is given: a line for each requirement and option, without comments, as it was checked here.
    public let text: String
    /// The names of the packages, as they are written, in the order of the file.
    public let names: [String]

    /// Reads a requirements file.
    ///
    /// - Throws: ``RequirementsError`` with the line.
    public init(path: String) throws(RequirementsError) {
        guard Files.isRegularFile(path), let bytes = Files.read(path, limit: Self.maxSize) else {
            throw RequirementsError(line: nil, reason: "it isn't a readable file of at most \(Self.maxSize) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw RequirementsError(line: nil, reason: "it isn't UTF-8")
        }
        try self.init(text: text)
    }

    /// Checks the text of a requirements file.
    ///
    /// - Throws: ``RequirementsError`` with the line.
    public init(text: String) throws(RequirementsError) {
        var names: [String] = []
        var known: Set<String> = []
        var lines = ""
        for line in Self.logicalLines(of: text) {
            do {
                if let name = try Self.name(in: line.text), known.insert(Self.normalized(name)).inserted {
                    names.append(name)
                }
            } catch {
                throw RequirementsError(line: line.number, reason: error.reason)
            }
            lines += line.text + "\n"
        }
        guard !names.isEmpty else { throw RequirementsError(line: nil, reason: "it names no package") }
        guard names.count <= Self.maxPackages else {
            throw RequirementsError(line: nil, reason: "it names more than \(Self.maxPackages) packages")
        }
        self.text = lines
        self.names = names
    }

    /// The lines without comments and blanks around them, each joined with those that a backslash continues it with.
    private static func logicalLines(of text: String) -> [(number: Int, text: String)] {
        var lines: [(number: Int, text: String)] = []
        var isContinued = false
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            if !isContinued { lines.append((index + 1, "")) }
            let content = withoutComment(line)
            isContinued = content.last == "\\"
            lines[lines.count - 1].text += isContinued ? content.dropLast() : content
        }
        return lines.map { ($0.number, String($0.text.trimmingBlanks)) }.filter { !$0.text.isEmpty }
    }

    /// The package that a line names; `nil` for options.
    private static func name(in line: String) throws(LineError) -> String? {
        guard line.utf8.count <= maxLine else { throw LineError(reason: "it has more than \(maxLine) characters") }
        guard line.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            throw LineError(reason: "it has control characters, or letters that aren't ASCII")
        }
        guard !line.contains("${") else { throw LineError(reason: "the build has no variables of this machine") }
        guard !line.lowercased().contains("file:") else { throw LineError(reason: "the build has no other files") }
        let words = line.split(whereSeparator: \.isWhitespace)
        for word in words where word.hasPrefix("-") {
            let option = String(word.prefix { $0 != "=" })
            // The packages of a variant have no hashes, and pip wants them for all or for none.
            guard option != "--hash", option != "--require-hashes" else {
                throw LineError(reason: "hashes aren't supported here")
            }
            guard options.contains(option), words[0].hasPrefix("-") else {
                throw LineError(reason: "the option \(option.singleLine(limit: 40)) isn't supported here")
            }
        }
        return line.hasPrefix("-") ? nil : try packageName(in: line)
    }

    private static func packageName(in line: String) throws(LineError) -> String {
        let name = line.prefix(while: isPartOfName)
        let rest = line.dropFirst(name.count).drop(while: \.isWhitespace)
        let word = line.prefix { !$0.isWhitespace }
        let isPath =
            rest.first == "@" ? !rest.contains("://") : fileEndings.contains { word.hasSuffix($0) }
        guard let first = name.first, first.isLetter || first.isNumber, name.count <= maxName, !isPath,
            rest.isEmpty || "[=<>!~;@,(".contains(rest.first ?? " ")
        else { throw LineError(reason: "it doesn't begin with the name of a package; the build has no other files") }
        return String(name)
    }

    private static func isPartOfName(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
    }

    /// Whether a package that a line of a requirements file pins is named here too.
    func names(_ line: some StringProtocol) -> Bool {
        let name = line.prefix(while: Self.isPartOfName)
        guard !name.isEmpty else { return false }
        return names.contains { Self.normalized($0) == Self.normalized(name) }
    }

    /// A name in the form for comparisons, in which `Foo.bar` and `foo_bar` are equal.
    private static func normalized(_ name: some StringProtocol) -> String {
        name.lowercased().split(omittingEmptySubsequences: true) { "._-".contains($0) }.joined(separator: "-")
    }

    /// The line up to a comment, without blanks at its end.
    private static func withoutComment(_ line: Substring) -> Substring {
        var end = line.startIndex
        var isBlank = true
        while end < line.endIndex, !(isBlank && line[end] == "#") {
            isBlank = line[end].isWhitespace
            end = line.index(after: end)
        }
        let content = line[..<end]
        guard let last = content.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return content[...last]
    }

    /// What is wrong with a line.
    private struct LineError: Error {
        let reason: String
    }
}

/// Why a requirements file cannot be used.
public struct RequirementsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The line, from 1; `nil` if it is about the whole file.
    public let line: Int?
    /// What is wrong, as a sentence about the line or the file.
    public let reason: String

    /// `line 3: …`, or the reason alone.
    public var description: String { (line.map { "line \($0): " } ?? "") + reason }
}
