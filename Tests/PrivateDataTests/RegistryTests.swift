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
    @Test(arguments: ["a.bb@", "a.bb@c.dd@", "1.2.3.4:", "a%40b.cc", "+1 555 123 4567 "])
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
