import JSON
import Testing

@testable import PrivateData

/// Texts of which a part was left out.
@Suite struct CutTests {
    private static let filler = String(repeating: "lorem ipsum ", count: 60)

    /// Whether a text shows a part of a value that is worth hiding.
    private func leaks(_ text: String, _ value: String) -> Bool {
        let parts = Array(value)
        return (0...(parts.count - 5)).contains { text.contains(String(parts[$0..<$0 + 5])) }
    }

    @Test(arguments: Sample.all) func noPartOfAValueIsShownWhereverItIsCut(_ value: String) {
        let vault = makeVault()
        vault.learn(.string(value))
        for place in 0...value.count {
            let start = Self.filler + value.prefix(place)
            #expect(!leaks(vault.redact(start, cut: .end), value), "end at \(place)")
            let end = value.dropFirst(place) + " " + Self.filler
            #expect(!leaks(vault.redact(String(end), cut: .start), value), "start at \(place)")
        }
    }

    @Test(arguments: Sample.all, [PrivateDataMode.all, .found])
    func noPartOfAValueIsShownInALineOfProgress(_ value: String, _ mode: PrivateDataMode) {
        let vault = makeVault(mode)
        vault.learn(.string(value))
        for place in 0...value.count {
            let shown = vault.redactUnfinished("fetching " + value.prefix(place))
            #expect(!leaks(shown, value), "at \(place): \(shown)")
            #expect(shown.hasPrefix("fetching"))
        }
    }

    @Test func onlyTheLineThatWasCutLosesAnything() {
        let vault = makeVault()
        #expect(vault.redact("one\ntwo\nthree", cut: .end) == "one\ntwo\n")
        #expect(vault.redact("one\ntwo\nthree", cut: .start) == "two\nthree")
        #expect(vault.redact("one\ntwo\n", cut: .end) == "one\ntwo\n")
    }

    @Test func whatIsWholeBesideACutIsReplacedAsAWhole() {
        let vault = makeVault()
        let text = String(repeating: "x ", count: 250) + Sample.email + String(repeating: " y", count: 250)
        #expect(vault.redact(text, cut: .end).hasSuffix(">") || vault.redact(text, cut: .end).hasSuffix("y"))
        #expect(!leaks(vault.redact(text, cut: .end), Sample.email))
        #expect(!leaks(vault.redact(text, cut: .start), Sample.email))
    }

    @Test(arguments: ["Epoch 3/10", "45%", "12 of 30 (40%)", "[=====>    ] 3.2 s"]) func progressIsShown(_ line: String)
    {
        #expect(makeVault().redactUnfinished(line) == line)
        #expect(makeVault(.found).redactUnfinished(line) == line)
    }

    @Test func aTokenIsKnownOnlyAsAWhole() throws {
        let vault = makeVault()
        let token = vault.redact(Sample.email)
        for place in 1..<token.count {
            let (start, end) = (String(token.prefix(place)), String(token.dropFirst(place)))
            #expect(try vault.restore(start) == start)
            #expect(try vault.restore(end) == end)
        }
    }

    @Test func anOwnKindIsHiddenWhereItMayGoOn() {
        let vault = makeVault(patterns: [#"emp=EMP-\d{6}"#])
        for place in 1..<10 {
            #expect(!vault.redactUnfinished("id " + "EMP-123456".prefix(place)).contains("EMP-1"))
        }
    }

    @Test(arguments: Sample.all, [PrivateDataMode.all, .found])
    func aBeginningEndsWithinNoValue(_ value: String, _ mode: PrivateDataMode) {
        let vault = makeVault(mode)
        vault.learn(.string(value))
        for place in 0...value.count {
            let text = String(repeating: "ä ", count: 20) + value + " and so on"
            let shown = vault.beginning(of: text, 40 + place)
            let isWhole = place == value.count
            #expect(shown == String(repeating: "ä ", count: 20) + (isWhole ? value : ""), "\(place)")
        }
        #expect(vault.beginning(of: value, value.count) == nil)
    }

    @Test func aBeginningOfNothingButValuesEndsBeforeTheFirstThatIsCut() {
        let text = String(repeating: "a.bb@", count: 4000)
        let shown = makeVault().beginning(of: text, 12_000)
        #expect(shown.map { $0.utf8.count <= 12_000 } == true)
        #expect(makeVault().beginning(of: "x " + makeVault().redact(Sample.email) + " y", 9) == "x ")
    }

    @Test func aLineOfProgressHoldsBackOtherSpellingsOfWhatIsKnown() {
        let vault = makeVault(.found)
        for value in Sample.all { vault.learn(.string(value)) }
        for part in ["Ada.Lovelace@analyt", "4420794609", "4539-1488-0343-64", "536 22 87"] {
            #expect(vault.redactUnfinished("fetching \(part)").hasPrefix("fetching"))
            #expect(!leaks(vault.redactUnfinished("fetching \(part)"), part), "\(part)")
        }
        #expect(makeVault(.found).redactUnfinished("row 123456789") == "row 123456789")
    }
}
