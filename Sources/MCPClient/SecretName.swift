/// Judges by a name whether its value is a secret: an environment variable, an option, a member of an object.
public enum SecretName {
    /// Words in a name that mark its value as a secret.
    private static let words: Set<String> = [
        "key", "keys", "apikey", "apikeys", "accesskey", "secretkey", "privatekey", "token", "accesstoken", "apitoken",
        "authtoken", "bearer", "secret", "secrets", "clientsecret", "password", "passwd", "passphrase", "pass", "pwd",
        "credential", "credentials", "auth", "authorization", "cookie", "pat", "jwt", "dsn", "signature", "sig",
        "connectionstring", "connstr", "connstring", "conn",
    ]
    /// Further words of variables with short secrets.
    private static let wordsOfShort: Set<String> = ["pin", "otp", "passcode", "psk", "pw", "dbpass", "dbpassword"]
    /// Last words of names whose value says where a secret is, not what it is.
    private static let places: Set<String> = [
        "file", "path", "dir", "url", "uri", "env", "name", "id", "type", "header",
    ]
    /// Last words of names whose value says something about a secret, not what it is.
    private static let measures: Set<String> = [
        "limit", "size", "count", "length", "ttl", "timeout", "seconds", "mode", "method", "scheme", "provider",
        "enabled", "disabled", "version", "port", "host", "region", "expiry", "expires", "algorithm", "alg", "format",
        "prefix",
        "required", "server",
    ]

    /// Whether a name marks its value as a secret: by its words, however they are joined.
    public static func marksSecret(_ name: Substring) -> Bool {
        let words = parts(of: name)
        guard let last = words.last, !places.contains(last) else { return false }
        if words.suffix(2) == ["connection", "string"] { return true }
        return words.contains { self.words.contains($0) }
    }

    /// Whether a name marks even a short value as a secret, which may occur in other words.
    static func marksShortSecret(_ name: Substring) -> Bool {
        let words = parts(of: name)
        guard let last = words.last, !places.contains(last), !measures.contains(last) else { return false }
        return words.contains { self.words.contains($0) || wordsOfShort.contains($0) }
    }

    /// Whether a text can be a name: of an option, a variable or a member.
    public static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy { $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 || "-_.:".utf8.contains($0) }
    }

    /// Returns the words of a name in lower case; empty if it isn't one.
    private static func parts(of name: Substring) -> [String] {
        guard isName(name) else { return [] }
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
        return words
    }
}
