import Testing

@testable import ExecMCP

@Suite struct ProgressNewsTests {
    @Test func aSignOfLifeNeverTakesThePlaceOfALine() {
        var news = ProgressNews()
        news.add("one")
        news.noteSilence()
        #expect(news.take(afterRunningFor: 5) == "one")
        #expect(news.take(afterRunningFor: 5) == nil)
    }

    @Test func aLineBehindASignOfLifeThatIsDueIsTheOneThatIsSent() {
        var news = ProgressNews()
        news.noteSilence()
        news.add("one")
        news.add("two")
        #expect(news.take(afterRunningFor: 5) == "two")
        #expect(news.take(afterRunningFor: 5) == nil)
    }

    @Test func aSignOfLifeQuotesTheNewestLineThatWasSent() {
        var news = ProgressNews()
        #expect(news.take(afterRunningFor: 1) == nil)
        news.noteSilence()
        #expect(news.take(afterRunningFor: 5) == "Running for 5 s")
        news.add("one")
        _ = news.take(afterRunningFor: 6)
        news.noteSilence()
        #expect(news.take(afterRunningFor: 11) == "Running for 11 s: one")
    }
}
