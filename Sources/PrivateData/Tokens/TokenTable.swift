import Hashing

/// The tokens of one session, and what each stands for.
///
/// The name of a value is the beginning of HMAC-SHA256 of its kind and its normalized form, with the session's key: the
/// same value has the same name in a session, and another one in another. Each way of writing it has its own token, so
/// that each is restored as it was: the first one seen is `<phone-3f9a2c>`, the next `<phone-3f9a2c.2>`.
struct TokenTable: Sendable {
    /// A value as it was written somewhere.
    struct Entry: Sendable {
        let token: [UInt8]
        let value: [UInt8]
        /// The servers that may get it, if it isn't to enter the sandbox; `nil` if it may.
        var servers: Set<String>?
        /// Whether it was a number of JSON.
        let isNumber: Bool
    }

    private struct Spelling: Hashable {
        let kind: PrivateDataKind
        let value: [UInt8]
        let isStrict: Bool
        var isNumber = false

        func hash(into hasher: inout Hasher) {
            value.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    private let key: HMAC.Key
    private let capacity: Int
    private var entries: [Entry] = []
    private var bySpelling: [Spelling: Int] = [:]
    private var byToken: [ByteKey: Int] = [:]
    /// The name of each normalized value, and how many spellings it has.
    private var names: [Spelling: (name: [UInt8], spellings: Int)] = [:]
    private var usedNames: Set<ByteKey> = []

    /// - Parameters:
    ///   - key: 32 random bytes.
    ///   - capacity: how many tokens can be restored. Later ones stand for a value that nobody can get back.
    init(key: [UInt8], capacity: Int) {
        self.key = HMAC.Key(key)
        self.capacity = capacity
    }

    /// Returns the token of a value as it is written.
    ///
    /// - Parameters:
    ///   - servers: the servers that may get it, if it isn't to enter the sandbox; `nil` if it may.
    ///   - isNumber: whether it is a number of JSON, and not a text.
    mutating func token(
        for value: [UInt8], kind: PrivateDataKind, servers: Set<String>? = nil, isNumber: Bool = false
    ) -> [UInt8] {
        let spelling = Spelling(kind: kind, value: value, isStrict: servers != nil, isNumber: isNumber)
        if let known = bySpelling[spelling] {
            if let servers { entries[known].servers?.formUnion(servers) }
            return entries[known].token
        }
        let normalized = Spelling(
            kind: kind, value: Normalization.normalized(value, kind: kind), isStrict: servers != nil)
        var (name, spellings) = names[normalized] ?? (newName(of: normalized), 0)
        spellings += 1
        var token = [UInt8(ascii: "<")]
        token.reserveCapacity(32)
        token += kind.name.utf8
        token.append(UInt8(ascii: "-"))
        token += name
        if spellings > 1 { token += ".\(spellings)".utf8 }
        token.append(UInt8(ascii: ">"))
        guard entries.count < capacity else { return token }
        usedNames.insert(ByteKey(name))
        names[normalized] = (name, spellings)
        bySpelling[spelling] = entries.count
        byToken[ByteKey(token)] = entries.count
        entries.append(Entry(token: token, value: value, servers: servers, isNumber: isNumber))
        return token
    }

    /// Returns what a token stands for; `nil` if it isn't of this session.
    func entry(of token: some Collection<UInt8>) -> Entry? {
        byToken[ByteKey(token)].map { entries[$0] }
    }

    private func newName(of value: Spelling) -> [UInt8] {
        let message = Array(value.kind.name.utf8) + [value.isStrict ? 1 : 0] + value.value
        var (name, code) = ([UInt8](), key.sha256(of: message)[...])
        // Longer if another value has the same beginning. Names of different kinds could be equal, but this is simpler.
        while name.count < TokenSyntax.hexDigits || usedNames.contains(ByteKey(name)), let byte = code.popFirst() {
            for digit in [byte >> 4, byte & 15] { name.append(digit < 10 ? digit + 0x30 : digit + 0x57) }
        }
        return name
    }
}
