import Diagnostics
import Testing

@Suite struct CountedNounTests {
    @Test(arguments: [(0, "0 tools"), (1, "1 tool"), (2, "2 tools"), (-1, "-1 tools")])
    func onlyOneIsSingular(number: Int, text: String) {
        #expect(number.counted("tool") == text)
    }

    @Test func aNounMayHaveAPluralOfItsOwn() {
        #expect([1, 3].map { $0.counted("process", "processes") } == ["1 process", "3 processes"])
    }
}
