import HostConfiguration

/// The variables in a file of `NAME=VALUE` lines, as many programs keep their environment in.
///
/// Blank lines and comments are ignored, and so is a leading `export`. A value may be in quotes; nothing is expanded.
enum EnvironmentFile {
    /// The maximum file size in bytes.
    private static let sizeLimit = 256 * 1024

    /// Reads the variables.
    ///
    /// - Throws: ``ServerConfigurationError`` that names the file.
    static func read(_ path: String) throws(ServerConfigurationError) -> [String: String] {
        let bytes: [UInt8]
        do throws(ServerConfigurationError) {
            bytes = TextEncoding.utf8(try ServersFile.contents(of: path, limit: sizeLimit))
        } catch {
            throw ServerConfigurationError(message: "its envFile \(path): \(error.message)")
        }
        var variables: [String: String] = [:]
        let text = String(decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...], as: UTF8.self)
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            var rest = line.drop(while: \.isWhitespace)
            guard let first = rest.first, first != "#" else { continue }
            if rest.hasPrefix("export ") { rest = rest.dropFirst(7).drop(while: \.isWhitespace) }
            guard let sign = rest.firstIndex(of: "="), let name = name(rest[..<sign]) else {
                throw ServerConfigurationError(message: "line \(number + 1) of its envFile \(path) is not NAME=VALUE")
            }
            variables[name] = value(rest[rest.index(after: sign)...])
        }
        return variables
    }

    private static func name(_ text: Substring) -> String? {
        let name = text.reversed().drop(while: \.isWhitespace).reversed()
        guard let first = name.first, !first.isNumber,
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") })
        else { return nil }
        return String(name)
    }

    private static func value(_ text: Substring) -> String {
        let text = text.drop(while: \.isWhitespace)
        if let quote = text.first, quote == "\"" || quote == "'",
            let end = text.dropFirst().firstIndex(of: quote)
        {
            let inside = String(text[text.index(after: text.startIndex)..<end])
            return quote == "'"
                ? inside
                : inside.split(separator: "\\n", omittingEmptySubsequences: false)
                    .joined(separator: "\n")
        }
        // A comment needs a blank before it: a value may contain the character.
        let plain = text.firstRange(of: " #").map { text[..<$0.lowerBound] } ?? text
        return String(plain.reversed().drop(while: \.isWhitespace).reversed())
    }
}
