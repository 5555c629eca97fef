import Testing

@testable import ExecCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct LoginNameTests {
    @Test(arguments: ["root", "ann", "A.b_c-1", "0day", String(repeating: "x", count: 63)])
    func aNameThatFitsIsTheUser(login: String) {
        #expect(UserID(login: Array(login.utf8))?.name == login)
    }

    @Test(arguments: [
        ("CORP\\ann", "CORP-ann-"), ("ann@corp.example", "ann-corp.example-"), ("j\u{FC}rgen", "j--rgen-"),
        ("machine$", "machine--"), ("_www", "www-"), ("-rf", "rf-"), ("..", "user-"), ("\u{65E5}\u{672C}", "user-"),
        ("a b", "a-b-"), ("a\n", "a--"), (String(repeating: "x", count: 64), String(repeating: "x", count: 40) + "-"),
    ])
    func anyOtherIsMadeFit(login: String, start: String) throws {
        let user = try #require(UserID(login: Array(login.utf8)))
        #expect(user.name.hasPrefix(start))
        #expect(user.name.count == start.count + 12)
        #expect(UserID(user.name) == user)
    }

    @Test func differentNamesAreDifferentUsers() {
        let names = ["a b", "a-b", "a_b", "a\tb", "A b", "a b ", " a b", "\u{FC}", "u\u{308}", "CORP\\a", "CORP/a"]
        let bytes = names.map { Array($0.utf8) } + [[0xFF], [0xFE], [0xFF, 0xFE]]
        #expect(Set(bytes.compactMap { UserID(login: $0) }).count == bytes.count)
        #expect(UserID(login: []) == nil)
    }

    @Test func theAccountIsAskedForInTheAccountDatabase() {
        #expect(UserID.loginName(of: 0) == Array("root".utf8))
        #expect(UserID.loginName(of: 3_999_999_999) == nil)
        let own = UserID.loginName(of: getuid()).flatMap { UserID(login: $0) }
        #expect(UserID.ofThisAccount.name == own?.name ?? "default")
    }
}
