import Diagnostics

/// The secrets among a program's arguments, as far as they are recognizable: values of options and variables with
/// telling names, header values, and credentials in URLs. A bare key looks like any other word and isn't found.
struct ArgumentSecrets {
    /// Words in a name that mark its value as a secret.
    private static let words: Set<String> = [
        "key", "keys", "apikey", "apikeys", "accesskey", "secretkey", "privatekey", "token", "accesstoken", "apitoken",
        "authtoken", "bearer", "secret", "secrets", "clientsecret", "password", "passwd", "passphrase", "pass", "pwd",
        "credential", "credentials", "auth", "authorization", "cookie", "pat", "jwt", "dsn", "signature", "sig",
    ]
    /// Last words of names whose value says where a secret is, not what it is.
    private static let places: Set<String> = [
        "file", "path", "dir", "url", "uri", "env", "name", "id", "type", "header",
    ]

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
            } else if argument.hasPrefix("-"), let value = rest.first, Self.isSecret(argument[...]) {
                // Keys may start with a dash, so only a value that is certainly an option is skipped.
                if !value.hasPrefix("--") { add(value, of: argument[...]) }
            }
            addCredentials(of: argument)
        }
    }

    private mutating func addHeader(_ header: Substring) {
        guard let colon = header.firstIndex(of: ":") else { return }
        let value = header[header.index(after: colon)...].drop(while: \.isWhitespace)
        found["header \(header[..<colon])"] = String(value)
    }

    /// Adds the value of `--name=value`, `NAME=value`, or `--option=NAME=value`.
    private mutating func addAssignment(_ text: Substring) {
        guard let sign = text.firstIndex(of: "="), Self.isName(text[..<sign]) else { return }
        let value = text[text.index(after: sign)...]
        if Self.isSecret(text[..<sign]) { add(String(value), of: text[..<sign]) } else { addAssignment(value) }
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
                guard let sign = pair.firstIndex(of: "="), Self.isSecret(pair[..<sign]) else { continue }
                add(String(pair[pair.index(after: sign)...]), as: "\(pair[..<sign]) of a URL")
            }
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

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 || "-_.:".utf8.contains($0) }
    }

    /// Whether a name marks its value as a secret: by its words, however they are joined.
    private static func isSecret(_ name: Substring) -> Bool {
        guard isName(name) else { return false }
        var words: [String] = []
        var previous: Character = "_"
        for character in name {
            guard character.isLetter || character.isNumber else {
                previous = "_"
                continue
            }
            if previous == "_" || (character.isUppercase && previous.isLowercase) { words.append("") }
            words[words.count - 1] += character.lowercased()
            previous = character
        }
        guard let last = words.last, !places.contains(last) else { return false }
        return words.contains { self.words.contains($0) }
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
