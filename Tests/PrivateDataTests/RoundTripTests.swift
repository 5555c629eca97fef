import JSON
import TestSupport
import Testing

@testable import PrivateData

/// What comes back is what left.
@Suite struct RoundTripTests {
    /// Pieces of which texts are made that are hard to tell apart.
    private static let pieces =
        Sample.all + [
            "<email-3f9a2c>", "<email--3f9a2c>", "<email---3f9a2c.2>", "<phone-", "3f9a2c", ">", "<", "-",
            "<EMAIL-ABCDEF>",
            "<emp-123456>", "<card-3f9a2c", "<<ip-3f9a2c>>", "\n", " ", "\\n", "\\u003c", "%20", "%40", "@", ".", "0",
            "4", "+", "(", ") ", "ä", "联", "🦊", "\r\n", "\t", "EMP-123456", "ada%40example.com", "ADA@EXAMPLE.COM",
            "ada@example.com", "<email-3f9a2c.>", "<ssn-3f9a2c.12>", "v1.2.3.4", "::", "fe80::1", "tel", "x", "\"", "'",
        ]

    private static func text(_ random: inout SplitMix64) -> String {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }

    @Test(arguments: [PrivateDataMode.all, .found]) func whateverLeavesComesBackAsItWas(_ mode: PrivateDataMode) throws
    {
        var random = SplitMix64(seed: 8)
        let vault = makeVault(mode, patterns: [#"emp=EMP-\d{6}"#])
        for value in Sample.all { vault.learn(.string(value)) }
        vault.learn(.string("EMP-123456"))
        _ = vault.enclose(["mail": .string("eve@example.org")], for: ["crm"])
        for _ in 0..<600 {
            let text = Self.text(&random)
            let shown = vault.redact(text)
            #expect(try vault.restore(shown) == text)
            // Also what left twice.
            #expect(try vault.restore(try vault.restore(vault.redact(shown))) == text)
        }
    }

    @Test func randomBytesComeBackAsTheyWere() throws {
        var random = SplitMix64(seed: 9)
        let vault = makeVault()
        let alphabet = Array("<>-.@%\\nu0123456789abcdefemailphone +()\n:é".unicodeScalars)
        for _ in 0..<600 {
            var text = ""
            for _ in 0..<Int.random(in: 0...80, using: &random) {
                text.unicodeScalars.append(alphabet.randomElement(using: &random) ?? "x")
            }
            #expect(try vault.restore(vault.redact(text)) == text)
        }
    }

    @Test func everySpellingComesBackAsItWasSpelled() throws {
        let vault = makeVault(.found)
        vault.learn(.string("Ada.L+x@example.com"))
        for text in [
            "Ada.L+x@example.com", "ada.l+x@example.com", "ADA.L+X@EXAMPLE.COM", "q=Ada.L%2Bx%40example.com",
            "q=Ada.L%2Bx@example.com",
        ] {
            let shown = vault.redact(text)
            #expect(!shown.lowercased().contains("example"), "\(shown)")
            #expect(try vault.restore(shown) == text)
        }
    }

    @Test func aValueHasTheSameTokenInASessionAndAnotherOneElsewhere() {
        let vault = makeVault()
        let token = vault.redact(Sample.email)
        #expect(token.hasPrefix("<email-") && token.count == 14)
        #expect(vault.redact("a \(Sample.email) b") == "a \(token) b")
        #expect(makeVault(key: 8).redact(Sample.email) != token)
        #expect(makeVault().redact(Sample.email) == token)
    }

    @Test func spellingsOfAValueShareItsName() {
        let vault = makeVault()
        let first = vault.redact("+44 20 7946 0958")
        #expect(vault.redact("+442079460958") == first.dropLast() + ".2>")
        #expect(vault.redact("+44 20 7946 0958") == first)
    }

    @Test func aTokenWithinDataIsWrittenAsNone() throws {
        let vault = makeVault()
        let token = vault.redact(Sample.email)
        let shown = vault.redact("data \(token) and <email-abcdef>")
        #expect(tokens(in: shown).isEmpty)
        #expect(shown == "data <email--\(token.dropFirst(7)) and <email--abcdef>")
        #expect(try vault.restore(shown) == "data \(token) and <email-abcdef>")
    }

    @Test(arguments: ["<email-3f9a2c>", "<EMAIL-3f9a2c>", "<phone-3F9A2>", "<card-00000.2>"])
    func anUnknownTokenIsNamed(_ token: String) {
        let error = #expect(throws: PrivateDataError.self) { try makeVault().restore("x \(token) y") }
        #expect(error?.message.contains(token) == true)
    }

    @Test func anAlteredTokenIsNamed() {
        let vault = makeVault()
        let token = vault.redact(Sample.email)
        for altered in [
            token.uppercased(), String(token.dropLast(2)) + ">", token.dropLast() + ".7>",
            token.replacing("email", with: "phone"),
        ] where altered != token {
            #expect(throws: PrivateDataError.self, "\(altered)") { try vault.restore(altered) }
        }
    }

    @Test(arguments: ["<email-address>", "<phone-number>", "<ip-address>", "<name-3f9a2c>", "<email>", "<h1-abcdef>"])
    func aPlaceholderIsNoToken(_ text: String) throws {
        let vault = makeVault()
        #expect(vault.redact(text) == text)
        #expect(try vault.restore(text) == text)
    }

    @Test func whatIsInJSONIsReplacedEverywhere() throws {
        let vault = makeVault()
        let value: JSON = [
            "people": [["mail": .string(Sample.email), "n": 1]], .init("ada@example.org"): "x", "text": "no",
        ]
        let shown = vault.redact(value)
        #expect(!shown.text.contains("example"))
        #expect(try vault.restore(shown.text) == value.text)
    }

    @Test func moreTokensThanCanBeKeptStillHideTheirValues() {
        let vault = makeVault(capacity: 2)
        let mails = (0..<20).map { "user\($0)@example.com" }
        let shown = mails.map { vault.redact($0) }
        #expect(shown.allSatisfy { $0.hasPrefix("<email-") })
        #expect((try? vault.restore(shown[0])) == mails[0])
        #expect(throws: PrivateDataError.self) { try vault.restore(shown[19]) }
    }

    @Test func numbersThatHoldValuesAreReplaced() {
        let vault = makeVault(.found)
        vault.learn(["phone": 5_551_234_567, "card": 4_539_148_803_436_467])
        let numbers: [JSON] = [
            5_551_234_567, 5_551_234_567.0, .verbatim("5551234567"), 4_539_148_803_436_467,
            .double(4_539_148_803_436_467),
        ]
        for number in numbers {
            let shown = vault.redact(["details": [["to": number]], "count": 3, "share": 0.25])
            #expect(shown["details"]?.arrayValue?.first?["to"]?.stringValue?.hasPrefix("<") == true, "\(shown.text)")
            #expect(shown["count"] == 3 && shown["share"] == 0.25)
        }
        #expect(vault.redact(["size": 5_551_234_567], keepsNumbers: true) == ["size": 5_551_234_567])
    }

    @Test func anAnswerIsRestoredInItsListsAndNames() {
        let vault = makeVault()
        let token = vault.redact(Sample.email)
        let answer: JSON = [
            "to": [.string(token), "<email-000000>"], .init(token): 1, "in": ["x": .string("a \(token)")],
        ]
        #expect(
            vault.restore(answer) == [
                "to": [.string(Sample.email), "<email-000000>"], .init(Sample.email): 1,
                "in": ["x": .string("a \(Sample.email)")],
            ])
    }

    @Test func whetherATextHoldsValuesIsSaid() {
        let vault = makeVault(.found)
        vault.learn("ada@example.com")
        #expect(vault.holdsValues("https://a.test/?to=ada%40example.com"))
        #expect(!vault.holdsValues("https://a.test/?to=eve%40example.com"))
        #expect(makeVault().holdsValues("https://a.test/?to=eve%40example.com"))
    }
}
