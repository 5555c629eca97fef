import Testing
import Threading

@Suite struct FairBudgetTests {
    private var budget = FairBudget<String>(limit: 128, guaranteed: 32)

    @Test mutating func anOwnerGetsHalfAtMost() {
        #expect(budget.take(32, for: "ann") == nil)
        #expect(budget.take(32, for: "ann") == nil)
        #expect(budget.take(1, for: "ann") == .ownShare)
        budget.release(1, of: "ann")
        #expect(budget.take(1, for: "ann") == nil)
        #expect(budget.take(.max, for: "bob") == .ownShare)
    }

    @Test mutating func theLastQuarterIsForThoseWhoHaveLess() {
        #expect(budget.take(64, for: "ann") == nil)
        #expect(budget.take(32, for: "bob") == nil)
        #expect(budget.take(1, for: "bob") == .full)
        #expect(budget.take(30, for: "eve") == nil)
        #expect(budget.take(3, for: "joe") == .full)
        #expect(budget.take(2, for: "joe") == nil)
        #expect(budget.take(1, for: "joe") == .full)
        budget.release(64, of: "ann")
        #expect(budget.take(1, for: "joe") == nil)
        #expect(budget.take(1, for: "bob") == nil)
    }

    @Test mutating func whatIsReturnedIsThereAgain() {
        for _ in 0..<3 {
            #expect(budget.take(20, for: "ann") == nil)
            #expect(budget.take(12, for: "ann") == nil)
            budget.release(12, of: "ann")
            budget.release(20, of: "ann")
        }
        for name in ["ann", "bob", "eve", "joe"] { #expect(budget.take(32, for: name) == nil) }
        #expect(budget.take(1, for: "new") == .full)
    }
}
