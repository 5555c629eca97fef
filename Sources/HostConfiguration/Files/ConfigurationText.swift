public import JSON
import YAML

/// A host's file in whichever notation it has.
public enum ConfigurationText {
    /// Reads a text: TOML or YAML where the file's name ends so and no object begins the text, else JSON with comments.
    ///
    /// - Parameters:
    ///   - name: the file's name, or its path.
    ///   - repeated: gets the names of members that come twice in an object, of which the last counts.
    /// - Returns: `nil` where there is nothing in it.
    /// - Throws: ``ConfigurationError`` that says which notation it is not, and where.
    public static func parse(
        _ bytes: [UInt8], named name: String, repeated: inout [String]
    ) throws(ConfigurationError) -> JSON? {
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
                throw ConfigurationError("it is not valid YAML: it has bytes that are no UTF-8")
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
