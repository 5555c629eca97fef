import TestSupport
import Testing

@testable import ExecCore

@Suite struct AccountTests {
    @Test func isAlwaysTheSameForAUser() throws {
        // What is in a volume belongs to this number.
        for (name, number) in [("ann", 43_565), ("bob", 22_712), ("default", 38_049)] as [(String, UInt32)] {
            #expect(Account(of: try #require(UserID(name))) == Account(user: number, group: number))
        }
    }

    @Test func isNeverThatOfASystemOrOfWhomANumberIsGivenFromTheBottom() throws {
        var numbers: Set<UInt32> = []
        for number in 0..<2000 {
            let account = Account(of: try #require(UserID("user-\(number)")))
            #expect(account.user == account.group)
            #expect((20_000..<60_000).contains(account.user))
            numbers.insert(account.user)
        }
        #expect(numbers.count > 1900)
    }
}
