import Testing

@testable import ExecAgent

@Suite struct RetryDelayTests {
    private func seconds(_ failures: Int, wish: String? = nil, random: Double = 1) -> Double {
        RetryDelay.seconds(failures: failures, wish: wish, now: 784_111_777, random: random)
    }

    @Test func growsToALimit() {
        #expect((1...8).map { seconds($0) } == [1, 2, 4, 8, 16, 30, 30, 30])
        #expect((1...3).map { seconds($0, random: 0) } == [0.5, 1, 2])
        #expect(seconds(5000) == 30)
    }

    @Test(arguments: [
        ("7", 7.0), ("0", 0), ("1.5", 1.5), ("-3", 0), ("3600", 60), ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Sat, 05 Nov 1994 00:00:00 GMT", 0),
        ("Sun, 01 Jan 2034 00:00:00 GMT", 60),
    ])
    func followsTheServersWish(wish: String, expected: Double) {
        #expect(seconds(3, wish: wish) == expected)
    }

    @Test(arguments: [
        "", "soon", "inf", "nan", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 99999999999 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:00:00 GMT",
    ])
    func passesOverAWishThatIsNone(wish: String) {
        #expect(seconds(3, wish: wish) == 4)
    }
}
