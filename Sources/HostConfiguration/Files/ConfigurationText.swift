public import JSON
import YAML

/// Parses a host's file in any supported format.
public enum ConfigurationText {
    /// Parses a text: as TOML or YAML if the file name has that extension and the text doesn't start with `{`,
    /// otherwise as JSON with comments.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, or UTF-16 with a byte order mark.
    ///   - name: the name or path of the file.
    ///   - repeated: receives the names of members that are repeated in an object of a JSON text; the last one counts.
    /// - Returns: `nil` if the text is empty.
    /// - Throws: ``ConfigurationError`` with the expected format and the position of the problem.
    public static func parse(
        _ bytes: [UInt8], named name: String, repeated: inout [String]
    ) throws(ConfigurationError) -> JSON? {
        let bytes = TextEncoding.utf8(bytes)
        let ending = name.lowercased().split(separator: ".").last
        guard let first = bytes.first(where: { !TextLayout.isWhiteSpace($0) }) else { return nil }
        let isObject = first == UInt8(ascii: "{")
        switch ending {
        case "toml" where !isObject:
            do throws(EditError) {
                let table = try TOML.parse(bytes)
                return table.isEmpty ? nil : .object(table)
            } catch {
                throw ConfigurationError("it is not valid TOML: \(error.place)\(error.reason)")
            }
        case "yaml" where !isObject, "yml" where !isObject:
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ConfigurationError("it is not valid YAML: it contains invalid UTF-8")
            }
            do throws(YAMLError) {
                let value = try YAML.parseWithReferences(text)
                return value == .null ? nil : value
            } catch {
                throw ConfigurationError("it cannot be read as YAML: \(error)")
            }
        default:
            do throws(ConfigurationError) {
                return try JSONC.parse(bytes, repeated: &repeated)
            } catch {
                throw ConfigurationError("it is not valid JSON: \(error.message)")
            }
        }
    }
}

extension EditError {
    fileprivate var place: String { line.map { "line \($0): " } ?? "" }
}
