public import JSON
import JSONRPC
import MCP

/// Redacts secrets, such as the keys that a server was given, in its output, which goes to logs and to the model: as they
/// are, and in the encodings that programs print.
public struct SecretTexts: Sendable {
    /// Minimum length in bytes; shorter texts also occur within ordinary words.
    private static let shortest = 8
    /// Minimum length of a text whose name says that it is a secret.
    private static let shortestNamed = 4
    /// Values of such names that aren't secrets.
    private static let settings: Set<String> = [
        "true", "false", "none", "null", "auto", "basic", "bearer", "token", "oauth", "oauth2", "digest", "default",
        "enabled", "disabled", "required", "optional", "always", "never",
    ]
    /// Maximum length of a text that is also searched for in other alphabets, in bytes.
    private static let longestEncoded = 2048
    /// Minimum number of characters of an encoded text that are searched for: what four bytes have at any place.
    private static let shortestEncoded = 4

    /// A text to search for.
    private struct Pattern: Sendable {
        let label: String
        var bytes: [UInt8]
        /// The number of characters around it that are a part of the secret as well.
        var before = 0
        var after = 0
    }

    private let plain: [Pattern]
    private let encoded: [Pattern]
    private let plainMatcher: PatternMatcher
    private let encodedMatcher: PatternMatcher
    private let hasBlanks: Bool

    /// - Parameter values: the secrets, by the label that replaces each. The names in a label tell whether even a short
    ///   value is a secret.
    public init(_ values: [String: String]) {
        var plain: [Pattern] = []
        var seen: Set<[UInt8]> = []
        for (label, value) in values.sorted(by: { $0.key < $1.key }) {
            let names = label.split { $0 == " " || $0 == "," }
            let isNamed = names.contains { SecretName.marksShortSecret($0) }
            for part in Self.parts(of: value) {
                let length = part.utf8.count
                let isShort = length < Self.shortest && (!isNamed || Self.settings.contains(part.lowercased()))
                guard length >= Self.shortestNamed, !isShort, seen.insert(Array(part.utf8)).inserted else { continue }
                plain.append(Pattern(label: "[\(label)]", bytes: Array(part.utf8)))
            }
        }
        self.plain = plain
        encoded = plain.filter { $0.bytes.count <= Self.longestEncoded }.flatMap(Self.encodings)
        plainMatcher = PatternMatcher(plain.map(\.bytes))
        encodedMatcher = PatternMatcher(encoded.map(\.bytes))
        hasBlanks = plain.contains { $0.bytes.contains(0x20) }
    }

    /// Returns the text with each secret replaced by its label.
    public func hidden(in text: String) -> String {
        guard !plain.isEmpty else { return text }
        // By bytes: Swift treats a letter followed by a combining accent as a different character.
        let bytes = Array(text.utf8)
        let found = occurrences(in: bytes)
        guard !found.isEmpty else { return text }
        var result: [UInt8] = []
        var place = 0
        var last = ""
        for (label, range) in found where range.upperBound > place {
            if range.lowerBound >= place {
                result += bytes[place..<range.lowerBound]
                last = ""
            }
            // Secrets that overlap are hidden together.
            if label != last { result += label.utf8 }
            (last, place) = (label, range.upperBound)
        }
        return String(decoding: result + bytes[place...], as: UTF8.self)
    }

    /// Returns where secrets are, in order, and of those that begin at the same place the longest first.
    private func occurrences(in bytes: [UInt8]) -> [(label: String, range: Range<Int>)] {
        var found: [(label: String, range: Range<Int>)] = []
        for view in Self.views(of: bytes, hasBlanks: hasBlanks) {
            for match in plainMatcher.matches(in: view.bytes) {
                found.append((plain[match.pattern].label, view.source(of: match.range)))
            }
            let letters = view.inStandardAlphabet()
            for match in encodedMatcher.matches(in: letters.bytes) {
                let pattern = encoded[match.pattern]
                let start = max(0, match.range.lowerBound - pattern.before)
                let end = min(letters.bytes.count, match.range.upperBound + pattern.after)
                found.append((pattern.label, letters.source(of: start..<end)))
            }
        }
        return found.sorted {
            ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound)
        }
    }

    /// Returns a text in each form in which a secret may stand in it: programs log in JSON, quote logs in JSON, and put
    /// keys into URLs and forms.
    private static func views(of bytes: [UInt8], hasBlanks: Bool) -> [UnescapedText] {
        let text = UnescapedText(bytes)
        var views = [text]
        func add(_ view: UnescapedText) -> UnescapedText? {
            guard view.isChanged else { return nil }
            views.append(view)
            return view
        }
        let unescaped = add(text.withoutBackslashes())
        _ = unescaped.flatMap { add($0.withoutBackslashes()) }.flatMap { add($0.withoutBackslashes()) }
        _ = unescaped.flatMap { add($0.withoutPercents(plusIsSpace: false)) }
        let unquoted = add(text.withoutPercents(plusIsSpace: false))
        _ = unquoted.flatMap { add($0.withoutPercents(plusIsSpace: false)) }
        _ = unquoted.flatMap { add($0.withoutBackslashes()) }
        if hasBlanks { _ = add(text.withoutPercents(plusIsSpace: true)) }
        return views
    }

    /// Returns a secret in other alphabets: hexadecimal, and Base64 at each place that it may have in three bytes.
    private static func encodings(of secret: Pattern) -> [Pattern] {
        var patterns: [Pattern] = []
        func add(_ bytes: ArraySlice<UInt8>, before: Int = 0, after: Int = 0) {
            guard bytes.count >= shortestEncoded else { return }
            patterns.append(Pattern(label: secret.label, bytes: Array(bytes), before: before, after: after))
        }
        for digits in ["0123456789abcdef", "0123456789ABCDEF"].map({ Array($0.utf8) }) {
            let text = secret.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            // Decimal digits alone may be any number.
            if text.contains(where: { $0 > UInt8(ascii: "9") }) || text.count >= 16 { add(text[...]) }
        }
        for place in 0..<3 {
            let text = Array(Base64.encode([UInt8](repeating: 0, count: place) + secret.bytes).utf8)
            let end = (place + secret.bytes.count) * 8
            // The characters that consist of the secret's bits alone.
            let whole = text[(place * 8 + 5) / 6..<end / 6]
            add(whole, before: place == 0 ? 0 : 1, after: end % 6 == 0 ? 0 : 1)
        }
        return patterns
    }

    /// Returns the value with each secret in its strings replaced by its label.
    public func hidden(in value: JSON) -> JSON {
        guard !plain.isEmpty else { return value }
        switch value {
        case .string(let text): return .string(hidden(in: text))
        case .array(let elements): return .array(elements.map { hidden(in: $0) })
        case .object(let object): return .object(hidden(in: object))
        default: return value
        }
    }

    /// Returns the members with each secret in their strings replaced by its label.
    public func hidden(in object: JSONObject) -> JSONObject {
        var result = JSONObject()
        for member in object { result[hidden(in: member.key)] = hidden(in: member.value) }
        return result
    }

    /// Returns the outcome of a request without the secrets in an error, or in the result of a failed tool, which may quote
    /// them like the server itself. What a tool succeeds in is its result.
    func hidden(in outcome: Result<JSONObject, RPCError>) -> Result<JSONObject, RPCError> {
        switch outcome {
        case .success(let result):
            guard let flag = result.given("isError"), flag != false else { return outcome }
            return .success(hidden(in: result))
        case .failure(let error):
            let data = error.data.map { hidden(in: $0) }
            return .failure(RPCError(code: error.code, message: hidden(in: error.message), data: data))
        }
    }

    /// Returns a value and the parts of it that programs may print separately.
    private static func parts(of value: String) -> [String] {
        var parts = [value]
        let lines = value.split(whereSeparator: \.isNewline).map(String.init)
        if lines.count > 1 { parts += lines }
        if let members = (try? JSON.parse(value, .lenient, valueLimit: 1000))?.objectValue {
            parts += members.compactMap(\.value.stringValue).flatMap { [$0] + credentials(in: $0) }
        }
        return parts + credentials(in: value)
    }

    private static func credentials(in value: String) -> [String] {
        let words = value.split(separator: " ")
        if words.count == 2, ["bearer", "basic", "token"].contains(words[0].lowercased()) { return [String(words[1])] }
        // The password in a URL.
        guard let scheme = value.firstRange(of: "://"),
            let sign = value[scheme.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
        else { return [] }
        let password = value[scheme.upperBound..<sign].split(separator: ":", maxSplits: 1).dropFirst().first
        return password.map { [String($0)] } ?? []
    }
}
