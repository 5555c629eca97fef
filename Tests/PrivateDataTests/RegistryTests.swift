import JSON
import TestSupport
import Testing

@testable import PrivateData

@Suite struct RegistryTests {
    private func isFound(_ text: String, after learned: JSON) -> Bool {
        let vault = makeVault(.found)
        vault.learn(learned)
        return vault.redact(text) != text
    }

    @Test func onlyWhatWasLearnedIsReplaced() {
        let vault = makeVault(.found)
        vault.learn(["mail": "ada@example.com"])
        #expect(
            vault.redact("ada@example.com, eve@example.com") == vault.redact("ada@example.com") + ", eve@example.com")
    }

    @Test(arguments: Sample.all) func aValueOfEachKindIsLearned(_ value: String) {
        #expect(isFound("x \(value) y", after: ["v": .string("it is \(value).")]))
    }

    @Test func numbersAreLearnedByTheNameOfTheirMember() {
        #expect(isFound("call 5551234567", after: ["phone": 5_551_234_567]))
        #expect(isFound("call 555-123-4567", after: ["phone": 5_551_234_567]))
        #expect(isFound("is 536-22-8726", after: ["ssn": 536_228_726]))
        #expect(isFound("4111 1111 1111 1111", after: ["number": 4_111_111_111_111_111]))
        #expect(!isFound("5551234567", after: ["id": 5_551_234_567]))
    }

    @Test func namesOfMembersAreLearned() {
        #expect(isFound("ada@example.com", after: [.init("ada@example.com"): 1]))
    }

    @Test(arguments: ["4539148803436467", "4539-1488-0343-6467", "45391488 03436467", "4539.1488.0343.6467"])
    func digitsAreFoundHoweverGrouped(_ text: String) {
        #expect(isFound("n=\(text);", after: .string(Sample.card)))
    }

    @Test(arguments: ["+442079460958", "(4420) 7946-0958", "44-20-7946-0958", "+44 (20) 7946 0958"])
    func aPhoneNumberIsFoundHoweverWritten(_ text: String) {
        #expect(isFound("n=\(text);", after: .string(Sample.phone)))
    }

    @Test(arguments: [#"n='44\xa020\xa07946\xa00958'"#, #""44\u00a020\u20117946\u202F0958""#])
    func aPhoneNumberIsFoundWithEscapedSignsBetweenItsDigits(_ text: String) {
        #expect(isFound(text, after: .string(Sample.phone)))
        #expect(!isFound(text.replacing("\\", with: "\\\\x"), after: .string(Sample.phone)))
    }

    @Test(arguments: ["ADA.Lovelace@example.COM", "ada.lovelace@EXAMPLE.com", "to=%20aDa.lovelace@example.com"])
    func anAddressIsFoundWithOtherCapitals(_ text: String) throws {
        let vault = makeVault(.found)
        vault.learn("Ada.Lovelace@Example.com")
        let shown = vault.redact(text)
        #expect(!shown.lowercased().contains("lovelace"))
        #expect(try vault.restore(shown) == text)
        #expect(vault.redact("eve.lovelace@example.com") == "eve.lovelace@example.com")
    }

    @Test(arguments: ["DE89370400440532013000", "DE89-3704-0044-0532-0130-00"])
    func anAccountIsFoundHoweverGrouped(_ text: String) {
        #expect(isFound(text, after: .string(Sample.iban)))
    }

    @Test(arguments: [
        "Jane \\\"J\\\" O'Neil & Co", "Jane%20%22J%22%20O%27Neil%20%26%20Co", "Jane+%22J%22+O%27Neil+%26+Co",
        "Jane &quot;J&quot; O&#x27;Neil &amp; Co", "Jane &quot;J&quot; O&#39;Neil &amp; Co", "Jane \"J\" O'Neil & Co",
    ]) func anOwnKindIsFoundHoweverEscaped(_ text: String) throws {
        let vault = makeVault(.found, patterns: [#"name=Jane "J" O'Neil & Co"#])
        vault.learn("Jane \"J\" O'Neil & Co")
        let shown = vault.redact("<\(text)>")
        #expect(!shown.contains("Neil"))
        #expect(try vault.restore(shown) == "<\(text)>")
    }

    @Test(arguments: [
        (#"'x\xa0ada@example.com\x00'"#, "ada@example.com"), (#"b'jos\xc3\xa9@example.com'"#, "josé@example.com"),
        (#""jos\u00E9@example.com""#, "josé@example.com"), (#""ada\u0040example.com""#, "ada@example.com"),
        ("ada&#64;example.com", "ada@example.com"), (#"'\x0b4539148803436467'"#, Sample.card),
        ("+44\u{A0}20\u{A0}7946\u{A0}0958", Sample.phone), ("+44\u{202F}20\u{202F}7946\u{202F}0958", Sample.phone),
        ("44\u{2009}20\u{2009}7946\u{2009}0958", Sample.phone), ("44\u{2011}20\u{2011}7946\u{2011}0958", Sample.phone),
        ("4539\t1488\t0343\t6467", Sample.card), ("a=%204539-1488-0343-6467", Sample.card),
        (#"\x004539148803436467"#, Sample.card),
    ]) func aValueIsFoundAsOtherProgramsWriteIt(_ text: String, _ value: String) {
        let vault = makeVault(.found)
        vault.learn(.string(value))
        let shown = vault.redact(text)
        #expect(tokens(in: shown).count == 1, "\(shown)")
        #expect(vault.restored(shown) == text)
    }

    @Test(arguments: [
        #"{"a": "ada\u0040example.com"}"#, #"  ["jos\u00e9.m\u00fcller\u0040stra\u00dfe.de"] "#,
        #"{"c": "\u002B442079460958"}"#,
        #"{"phone_numbers": ["5551237788", 5559998877]}"#, #"{"contact": {"phone": {"value": "5559998877"}}}"#,
        #"{"body": "{\"phone\": [1, 5559998877]}"}"#,
        // Read by another parser only.
        #"{"a": 1, "a": "ada\u0040example.com"}"#, #"[NaN, "ada\u0040example\u002Ecom"]"#,
    ]) func textThatCodeGetsAsDataIsLearnedAndEnclosedAsThat(_ text: String) throws {
        let values = ["ada@example.com", "josé.müller@straße.de", "+442079460958", "5559998877"]
        let vault = makeVault(.found)
        vault.learn(["content": [["type": "text", "text": .string(text)]]])
        #expect(values.filter { vault.redact($0) != $0 }.count == 1)
        let strict = makeVault(.found)
        let entered = strict.enclose(["text": .string(text)], for: ["crm"])
        let shown = try #require(entered["text"]?.stringValue)
        #expect(values.allSatisfy { !shown.contains($0) } && shown.contains("<"), "\(shown)")
        #expect((try? JSON.parse(text, .exact)) == nil || (try? JSON.parse(shown, .exact)) != nil, "\(shown)")
        // A server that got the value can't let it in so, either.
        let known = makeVault(.found)
        for value in values { _ = known.enclose(["phone": .string(value)], for: ["crm"]) }
        let echo = known.encloseKnown(.string(text), of: "crm").text
        #expect(echo.contains("<email-") || echo.contains("<phone-"), "\(echo)")
    }

    @Test func textWithoutValuesEntersAsItIs() {
        let text = #"{ "a": "\u0041",  "n": 1.50 }"#
        #expect(makeVault().enclose(.string(text), for: []) == .string(text))
    }

    @Test func oneThatAnythingMayBeIsNotTakenForSomethingElse() {
        let vault = makeVault(.found)
        vault.learn(["phone": 5_551_234_567, "host": "1.2.3.4"])
        for text in ["ORD-5551234567", "0.5551234567", "numpy==1.2.3.4", "__version__ = '1.2.3.4'"] {
            #expect(vault.redact(text) == text)
        }
        for text in ["1.2.3.4", "call-5551234567.mp3", "5551234567"] { #expect(vault.redact(text) != text, "\(text)") }
        #expect(isFound("ORD-4539148803436467", after: "4539148803436467"))
    }

    @Test func datesAndRoundNumbersAreNotLearned() {
        let vault = makeVault(.found)
        vault.learn("phone call on 2026-11-30. Mobile app released 2024-01-01\nmicrophone sample rate 44100000")
        vault.learn(["phone_verified_at": 1_700_000_001, "phone_id": 12_345_678, "phone": 1_000_000])
        for text in ["2026-11-30", "2024-01-01", "44100000", "1700000001", "12345678", "1000000"] {
            #expect(vault.redact(text) == text)
        }
    }

    @Test func lettersBeyondASCIIAreFoundEscaped() {
        #expect(isFound(#""jos\u00e9@example.com""#, after: "josé@example.com"))
        #expect(isFound("jos%C3%A9%40example.com", after: "josé@example.com"))
    }

    @Test func aValueIsNotFoundWithinAWordOrNumber() {
        #expect(!isFound("xada@example.com", after: "ada@example.com"))
        #expect(!isFound("ada@example.community", after: "ada@example.com"))
        #expect(!isFound("110.20.30.40 10.20.30.401", after: "10.20.30.40"))
        #expect(!isFound("45391488034364671", after: .string(Sample.card)))
    }

    @Test func aValueIsFoundBesideSignsAndEscapes() {
        for text in ["_ada@example.com_", #"\nada@example.com\n"#, "%20ada@example.com", #"\u003eada@example.com"#] {
            #expect(isFound(text, after: "ada@example.com"), "\(text)")
        }
    }

    @Test func theLongestValueWins() throws {
        let vault = makeVault(.found)
        vault.learn("ada@example.com and ada@example.com.au")
        let shown = vault.redact("ada@example.com.au")
        #expect(tokens(in: shown) == [shown])
    }

    @Test func manyValuesAreAllFoundAndCostNoMoreEach() throws {
        let vault = makeVault(.found)
        let mails = (0..<1500).map { "person\($0 * 7919).x\($0)@example\($0 % 7).com" }
        // One at a time, each used at once: nothing is built again.
        for mail in mails {
            vault.learn(.string(mail))
            #expect(vault.redact(mail) != mail)
        }
        let text = mails.joined(separator: "\n")
        let shown = vault.redact(text)
        #expect(!shown.contains("@"))
        #expect(try vault.restore(shown) == text)
    }

    @Test func fullOfValuesItRecognizesTheRestByTheirForm() {
        let vault = makeVault(.found, capacity: 3)
        #expect(vault.takeNotice() == nil)
        vault.learn(.array((0..<5).map { .string("user\($0)@example.com") }))
        #expect(vault.redact("user4@example.com, new@example.org").contains("@") == false)
        #expect(vault.takeNotice()?.contains("private data") == true)
        #expect(vault.takeNotice() == nil)
    }

    @Test func usersHaveVaultsOfTheirOwn() {
        let vaults = PrivateDataVaults(mode: .found)
        vaults.vault(of: "ada").learn("ada@example.com")
        #expect(vaults.vault(of: "ada").redact("ada@example.com") != "ada@example.com")
        #expect(vaults.vault(of: "eve").redact("ada@example.com") == "ada@example.com")
    }

    @Test func theVaultOfWhoeverWasAwayLongestIsForgotten() {
        let vaults = PrivateDataVaults(mode: .found)
        vaults.vault(of: "ada").learn("ada@example.com")
        vaults.vault(of: "eve").learn("eve@example.com")
        for number in 0..<PrivateDataVaults.maxUsers {
            _ = vaults.vault(of: "user\(number)")
            _ = vaults.vault(of: "ada")
        }
        #expect(vaults.vault(of: "ada").redact("ada@example.com") != "ada@example.com")
        #expect(vaults.vault(of: "eve").redact("eve@example.com") == "eve@example.com")
    }

    @Test func theVaultOfNobodyRecognizesValuesByTheirForm() {
        let vault = PrivateDataVaults(mode: .found).vaultOfNobody()
        #expect(!vault.redact(["to": "ada@example.com", "phone": 5_551_234_567]).text.contains("5551234567"))
    }

    /// Texts that are nothing but values which overlap, so that each of them is compared with others.
    @Test(arguments: [
        "a.bb@", "a.bb@c.dd@", "1.2.3.4:", "a%40b.cc", "+1 555 123 4567 ", "phone ", "tel 1", "4111 1111 1111 1111 ",
        "[{\"a\":", "\\", "x[",
    ])
    func overlappingValuesTakeTimeInProportionToTheirNumber(_ piece: String) throws {
        func time(_ count: Int) -> Double {
            let text = String(repeating: piece, count: count)
            let vault = makeVault()
            return processorTime { _ = vault.redact(text) }
        }
        _ = time(100)
        // Eight times as long may take about eight times as long, not 64 times.
        #expect(time(16_000) < 32 * max(time(2000), 0.001))
    }
}
