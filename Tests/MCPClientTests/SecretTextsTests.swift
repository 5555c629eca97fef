import JSON
import MCP
import Testing

@testable import MCPClient

/// What of a server's words is told, and what not.
@Suite struct SecretTextsTests {
    @Test(arguments: [
        ("boom sk-SECRETVALUE!", "boom [env KEY]!"),
        ("sk-SECRETVALUEsk-SECRETVALUE", "[env KEY][env KEY]"),
        ("sk-SECRETVALUE-long", "[env LONG]"),
        ("sk-SECRETVALUE\u{301}", "[env KEY]\u{301}"),
        ("é sk-SECRETVALU", "é sk-SECRETVALU"),
        ("short is short", "short is short"),
        ("401 for abcdef123456", "401 for [env AUTH]"),
        ("Bearer abcdef123456", "[env AUTH]"),
        ("password hunter2hunter2 for db", "password [env URL] for db"),
        ("second line of it", "[env PEM]"), (#"{"key":"a\"b\\cdefgh"}"#, #"{"key":"[env QUOTED]"}"#),
        (#"a"b\cdefgh"#, "[env QUOTED]"), (#"one\nline\tmore"#, "[env LINES]"),
        (#"header "ntn_1234567""#, #"header "[env HEADERS]""#),
        ("", ""),
    ])
    func putsNamesInThePlaceOfSecrets(said: String, told: String) {
        let secrets = SecretTexts([
            "env KEY": "sk-SECRETVALUE", "env LONG": "sk-SECRETVALUE-long", "env SHORT": "short", "env EMPTY": "",
            "env AUTH": "Bearer abcdef123456", "env URL": "postgres://ann:hunter2hunter2@db.local/x",
            "env QUOTED": #"a"b\cdefgh"#, "env LINES": "one\nline\tmore",
            "env PEM": "-----BEGIN-----\nsecond line of it\n",
            "env HEADERS": #"{"Authorization": "Bearer ntn_1234567"}"#,
        ])
        #expect(secrets.hidden(in: said) == told)
    }

    // MARK: - Encodings

    private static let key = "sk-\"Zäp\\9/+z=&Q7"

    /// Texts that hold the key in some encoding.
    private static let encoded: [String] = {
        let utf8 = Array(key.utf8)
        let percent = utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let json = JSON.string(key).text
        let nested = JSON.string(json).text
        let reserved = percentEncoded(key, keeping: "-")
        var texts = [
            json, nested, JSON.string(nested).text, percent, percent.uppercased(), reserved,
            percentEncoded(key, keeping: "-/+=&"), percentEncoded(reserved, keeping: ""),
            percentEncoded(json, keeping: ""), JSON.string("key=\(reserved)").text,
            json.replacing("ä", with: "\\u00e4").replacing("/", with: "\\/"),
            utf8.map { "\\u00" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                .replacing("\\u00c3\\u00a4", with: "\\u00E4"),
            utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(), "'sk-\"Zäp\\\\9/+z=&Q7'",
        ]
        for before in ["", "u", "us", "user:", "user1:", "user12:"] {
            for after in ["", "@", "@h", "@host"] {
                let text = Base64.encode(Array("\(before)\(key)\(after)".utf8))
                texts += [
                    "Basic \(text)", text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""),
                    text.enumerated().map { $0 % 8 == 7 ? "\($1)\n" : "\($1)" }.joined(), JSON.string("x \(text)").text,
                    percentEncoded(text, keeping: ""),
                ]
            }
        }
        return texts
    }()

    private static func percentEncoded(_ text: String, keeping kept: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            let isKept = byte < 0x80 && (character.isLetter || character.isNumber || kept.contains(character))
            return isKept ? "\(character)" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16).uppercased()
        }.joined()
    }

    @Test func hidesSecretsInTheEncodingsThatProgramsPrint() {
        let secrets = SecretTexts(["env KEY": Self.key])
        let plain = Array(Self.key.utf8)
        for text in Self.encoded {
            let told = secrets.hidden(in: "<\(text)>")
            #expect(told.hasPrefix("<"), "\(text): \(told)")
            #expect(told.hasSuffix(">"), "\(text): \(told)")
            #expect(told.contains("[env KEY]"), "\(text): \(told)")
            // What is left, decoded, has no more than a byte or two of it.
            let left = told.replacing("[env KEY]", with: "").filter {
                $0.isLetter || $0.isNumber || "+/-_".contains($0)
            }
            let bytes = Base64.decode(left.replacing("-", with: "+").replacing("_", with: "/")) ?? []
            #expect(bytes.firstRange(of: plain[3..<7]) == nil, "\(text): \(told)")
            #expect(!told.contains("Q7"), "\(text): \(told)")
        }
    }

    @Test func leavesOtherTextsAlone() {
        let secrets = SecretTexts(["env KEY": Self.key, "env PASS": "a b c d e", "env NUMBER": "12345678"])
        for text in [
            #"a \"quoted\" \u00e4 text \n with %41%zz + % and \ 'x'"#, Base64.encode((0...255).reversed()), "\\u12",
            "%4",
            #"\ud83d\ude00 \ud83d"#,
        ] {
            #expect(secrets.hidden(in: text) == text)
        }
        #expect(secrets.hidden(in: "a+b+c+d+e a%20b%20c%20d%20e a+b") == "[env PASS] [env PASS] a+b")
    }

    @Test(arguments: [
        ("env DB_PASS", "hunt", true), ("env apiToken", "ab12", true), ("env PIN", "4711", true),
        ("argument password", "s3cr", true), ("env DB_URL, password of a URL", "pw12", true),
        ("env AUTH", "xyz!", true),
        ("env GITHUB_KEY", "abc", false), ("env MODE", "fast", false), ("env AUTH_MODE", "fast", false),
        ("env TOKEN_LIMIT", "4096", false), ("env USE_AUTH", "true", false), ("env AUTH", "Basic", false),
        ("env KEY_FILE", "a.pem", false),
    ])
    func hidesShortSecretsIfTheirNameSaysThatTheyAreOnes(label: String, value: String, isHidden: Bool) {
        let secrets = SecretTexts([label: value])
        let encoded = ["", "u", "u:"].map { Base64.encode(Array("\($0)\(value)".utf8)) }
        for text in [value] + encoded {
            #expect(secrets.hidden(in: "failed with \(text).").contains("[\(label)]") == isHidden, "\(text)")
        }
    }

    @Test func secretsThatOverlapAreHiddenTogether() {
        let secrets = SecretTexts(["env A": "abcdefgh1", "env B": "fgh12345678"])
        #expect(secrets.hidden(in: "<abcdefgh12345678>") == "<[env A][env B]>")
        let repeated = SecretTexts(["env A": String(repeating: "a", count: 1000) + "b"])
        let long = String(repeating: "a", count: 100_000)
        #expect(repeated.hidden(in: long) == long)
        #expect(repeated.hidden(in: long + "b").hasSuffix("a[env A]"))
    }
}
