import ExecCore
import Testing

@Suite struct UserIDTests {
    @Test(arguments: [
        "a", "Z", "0", "default", "ann.b-c_d", "a..", "0-", "A_1", String(repeating: "x", count: 63),
    ])
    func takesANameThatIsSafeEverywhere(name: String) {
        #expect(UserID(name)?.name == name)
        #expect(UserID(name)?.description == name)
    }

    @Test(arguments: [
        "", " ", ".", "-", "_", ".a", "-a", "_a", "--rm", "a b", "a/b", "../a", "a\n", "a\0", "a,b", "a=b", "a:b",
        "é", "aé", "a\u{301}", "\u{FF41}", "a\u{200B}", "🙂", String(repeating: "x", count: 64),
    ])
    func refusesAnyOther(name: String) {
        #expect(UserID(name) == nil)
    }

    @Test(arguments: ["", "a", "ann.b-c_d", ".a", "a b", "aé", "a\n", String(repeating: "x", count: 64)])
    func agreesWithItsPattern(name: String) throws {
        let matches = try Regex(UserID.pattern).matchingSemantics(.unicodeScalar).wholeMatch(in: name) != nil
        #expect((UserID(name) != nil) == matches)
    }
}
