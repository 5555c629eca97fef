import CommandOptions
import Testing

@Suite struct OptionValueTests {
    @Test(arguments: [
        ("0", 0), ("7", 7), ("007", 7), ("10", 10), ("11", nil), ("-1", nil), ("+1", nil), ("", nil), ("1.0", nil),
        ("٣", nil), (" 1", nil), ("99999999999999999999", nil),
    ])
    func readsWholeNumbersInTheirRange(text: String, number: Int?) {
        #expect(OptionValue.wholeNumber(text, in: 0...10) == number)
    }

    @Test(arguments: [
        ("a", true), ("a.b-c", true), ("7", true), ("-a", false), (".a", false), ("", false), ("a b", false),
        ("é", false),
        ("a/b", false), ("abcdefgh", true), ("abcdefghi", false),
    ])
    func tellsNamesThatNoProgramTakesForAnOption(text: String, isName: Bool) {
        #expect(OptionValue.isName(text, extra: ".-", limit: 8) == isName)
    }
}
