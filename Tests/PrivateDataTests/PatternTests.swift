import Testing

@testable import PrivateData

@Suite struct PatternTests {
    private func matches(_ expression: String, _ text: String) throws -> [String] {
        let pattern = try PrivateDataPattern("own=\(expression)")
        return text.withBytes { bytes in
            pattern.matches(in: ScannedText(bytes: bytes)).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test(arguments: [
        (#"EMP-\d{6}"#, "a EMP-123456 EMP-12345 b", ["EMP-123456"]), ("a|ab|abc", "abcd ab", ["abc", "ab"]),
        ("[a-c]+x?", "abcx d ca", ["abcx", "ca"]), ("(?:ab){2,3}", "abababab", ["ababab"]),
        ("(?i)emp-[0-9]{2}", "eMp-12", ["eMp-12"]), (#"\bID\d+\b"#, "xID1 ID2 ID3x ID4", ["ID2", "ID4"]),
        ("[^,;]+@x", "a,bé c@x;", ["bé c@x"]), ("Jürgen|Zoë", "Zoë, Jürgen", ["Zoë", "Jürgen"]),
        ("a.c", "abc aéc a\nc a🦊c", ["abc", "aéc", "a🦊c"]), (#"\w+\s\W\S"#, "ab !ö", ["ab !ö"]),
        (#"[]x\]-]{2,}"#, "]x-", ["]x-"]), (#"\(\d\)\."#, "(1).", ["(1)."]), ("x{,3}y", "x{,3}y", ["x{,3}y"]),
        ("a{2}b", "aaab", ["aab"]), ("a(b|c)*d", "abcbd ad", ["abcbd", "ad"]), (#"[\d.]+€"#, "1.50€", ["1.50€"]),
    ]) func theLongestMatchesAreFound(_ expression: String, _ text: String, _ expected: [String]) throws {
        #expect(try matches(expression, text) == expected)
    }

    @Test(arguments: [
        ("", "empty"), ("a*", "empty text"), ("(a", "without a )"), ("a)", "without a ("), ("[a", "without a ]"),
        ("^a", "anchor"), ("a$", "anchor"), ("(?=a)b", "lookaround"), ("(?<n>a)", "lookaround"),
        (#"(a)\1"#, "refers back"),
        ("a+?", "lazy"), ("a++", "lazy"), ("a**", "repetition"), ("*a", "nothing before"), (#"a\"#, "ends with"),
        (#"a\bb"#, #"\b"#), (#"\pL"#, "no meaning"), ("[é]", "beyond ASCII"), ("a{3,2}", "out of order"),
        ("a{1000}", "200"), ("[z-a]", "ends before"), ("(a{200}){200}", "large"), ("(a|b)*a(a|b){10}", "ambiguous"),
        ("a\nb", "line end"), (String(repeating: "a", count: 501), "500"), ("[[:alpha:]]", "within"),
        (String(repeating: "(", count: 60) + "a" + String(repeating: ")", count: 60), "nested"),
    ]) func whatTakesTooLongOrHasTwoMeaningsIsRefused(_ expression: String, _ reason: String) {
        let error = #expect(throws: PatternError.self) { try PrivateDataPattern("own=\(expression)") }
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test(arguments: ["x", "=x", "Own=x", "e mail=x", "email=x", "1a=x", "a23456789012345678901=x"])
    func aNameIsAWordThatIsNotTaken(_ text: String) {
        #expect(throws: PatternError.self) { try PrivateDataPattern(text) }
    }

    @Test func aMatchIsOfLimitedLengthSoThatTextsTakeLinearTime() throws {
        let text = String(repeating: "a", count: 2000)
        #expect(try matches("a(.*b)?", text).count == 2000)
        #expect(try matches("a+", text).allSatisfy { $0.utf8.count <= PrivateDataPattern.maxMatch })
    }

    @Test func anOwnKindHasItsTokens() throws {
        let vault = makeVault(patterns: [#"employee=EMP-\d{6}"#])
        let shown = vault.redact("see EMP-123456")
        #expect(shown.hasPrefix("see <employee-"))
        #expect(try vault.restore(shown) == "see EMP-123456")
    }
}
