import Diagnostics
import JSON
import MCPClient

/// The secrets among a program's arguments, as far as they are recognizable: values of options and variables with
/// telling names, header values, and credentials in URLs. A bare key looks like any other word and isn't found.
struct ArgumentSecrets {
    /// The secrets, by the label that replaces each.
    private(set) var found: [String: String] = [:]

    /// - Parameter arguments: the arguments, without the program itself.
    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if ["--header", "-H"].contains(argument) {
                if let header = rest.first { addHeader(header[...]) }
            } else if argument.hasPrefix("--header=") {
                addHeader(argument.dropFirst("--header=".count))
            } else if argument.contains("=") {
                addAssignment(argument[...])
            } else if argument.hasPrefix("-"), let value = rest.first, SecretName.marksSecret(argument[...]) {
                // Keys may start with a dash, so only a value that is certainly an option is skipped.
                if !value.hasPrefix("--") { add(value, of: argument[...]) }
            }
            addMembers(of: argument)
            addPairs(of: argument)
            addCredentials(of: argument)
        }
    }

    /// Adds the secrets in a connection string: `Server=db;Password=abc`.
    private mutating func addPairs(of argument: String) {
        let pairs = argument.split(separator: ";")
        guard pairs.count > 1 else { return }
        for pair in pairs {
            guard let sign = pair.firstIndex(of: "="), !pair.hasPrefix("-") else { continue }
            let name = String(pair[..<sign].filter { $0 != " " })
            let value = String(pair[pair.index(after: sign)...])
            if SecretName.marksSecret(name[...]) { add(value, as: "\(name) of a connection string") }
        }
    }

    /// Adds the secrets in an argument that is, or assigns, a JSON object.
    private mutating func addMembers(of argument: String) {
        guard let start = argument.firstIndex(where: { $0 == "{" || $0 == "[" }),
            start == argument.startIndex || argument[argument.index(before: start)] == "=",
            let value = try? JSON.parse(String(argument[start...]), .lenient, valueLimit: 1000)
        else { return }
        addMembers(of: value, isSecret: false)
    }

    /// - Parameter isSecret: whether the value is known to be a secret, by the name of a member around it.
    private mutating func addMembers(of value: JSON, isSecret: Bool) {
        switch value {
        case .string(let text) where isSecret: add(text, as: "member of an argument")
        case .string(let text): addCredentials(of: text)
        case .array(let elements):
            let words = elements.compactMap(\.stringValue)
            for (label, text) in Self(words).found { add(text, as: label) }
            for element in elements { addMembers(of: element, isSecret: isSecret) }
        case .object(let object):
            for member in object {
                let key = member.key[...]
                let isOfHeaders = ["headers", "env", "environment"].contains(key.lowercased())
                addMembers(of: member.value, isSecret: isSecret || isOfHeaders || SecretName.marksSecret(key))
            }
        default: break
        }
    }

    private mutating func addHeader(_ header: Substring) {
        guard let colon = header.firstIndex(of: ":") else { return }
        let value = header[header.index(after: colon)...].drop(while: \.isWhitespace)
        found["header \(header[..<colon])"] = String(value)
    }

    /// Adds the value of `--name=value`, `NAME=value`, or `--option=NAME=value`.
    private mutating func addAssignment(_ text: Substring) {
        guard let sign = text.firstIndex(of: "="), SecretName.isName(text[..<sign]) else { return }
        let value = text[text.index(after: sign)...]
        if SecretName.marksSecret(text[..<sign]) { add(String(value), of: text[..<sign]) } else { addAssignment(value) }
    }

    private mutating func add(_ value: String, of name: Substring) {
        add(value, as: "argument \(name.drop { $0 == "-" })")
    }

    /// Adds the credentials in URLs: the password, or the user name if there is no password, and secret query parameters.
    private mutating func addCredentials(of argument: String) {
        var rest = argument[...]
        while let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...]
            let url = rest.prefix { !$0.isWhitespace && !"\"'".contains($0) }
            let authority = url.prefix { !"/?#".contains($0) }
            if let sign = authority.lastIndex(of: "@") {
                let parts = authority[..<sign].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                // A user name without a password is itself the key.
                if let secret = parts.last { add(String(secret), as: "password of a URL") }
            }
            let query = url.drop { $0 != "?" && $0 != "#" }.dropFirst()
            for pair in query.split(whereSeparator: { "&;#".contains($0) }) {
                guard let sign = pair.firstIndex(of: "="), SecretName.marksSecret(pair[..<sign]) else { continue }
                add(String(pair[pair.index(after: sign)...]), as: "\(pair[..<sign]) of a URL")
            }
        }
    }

    /// Returns the segments of a URL's path, and the values in its query, that look like keys: long, with letters and
    /// digits.
    static func secretSegments(of url: String) -> [String] {
        guard let scheme = url.firstRange(of: "://") else { return [] }
        let parts = url[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }.split { "/?&=#".contains($0) }
        return parts.map(String.init).filter { part in
            part.utf8.count >= 16 && part.contains(where: \.isNumber) && part.contains(where: \.isLetter)
        }
    }

    /// Adds a secret, and its percent-decoded form.
    private mutating func add(_ secret: String, as label: String) {
        var (label, number) = (label, 1)
        let base = label
        while let other = found[label], other != secret {
            number += 1
            label = "\(base) \(number)"
        }
        found[label] = secret
        if let plain = secret.withoutPercentEscapes, plain != secret { found["\(label), decoded"] = plain }
    }
}

extension String {
    /// The text without percent-encoding; `nil` if none or it is invalid.
    fileprivate var withoutPercentEscapes: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return nil }
        var bytes: [UInt8] = []
        var rest = Array(utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
