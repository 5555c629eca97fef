import Testing

/// Which calls of those that come together wait for a keeper that is soon free, and for how long. The clock is a fake.
@Suite(.timeLimit(.minutes(2))) struct GuestArrivalsTests {
    /// Runs `script` with five calls in `queue`. `take` takes the next with a keeper, `force` without; both print its
    /// number. Times are in milliseconds.
    private func output(of script: String) async throws -> String {
        let heading = """
            class Clock:
                now = 100_000.0
                def monotonic(self): return self.now / 1000
            clock = guest.arrivals.time = Clock()
            queue = guest.arrivals.Arrivals()
            for number in range(5): queue.add(guest.arrivals.Arrival(number, "execute", {}))
            def numbered(arrival): return arrival and arrival.number
            def take(): return numbered(queue.take(True, clock.monotonic()))
            def force(age=0): return numbered(queue.take(False, (clock.now - age) / 1000))
            """
        return try await GuestModules.run("\(heading)\n\(script)")
    }

    @Test func callsBeginInTheirOrderWhileKeepersAreFree() async throws {
        let script = "print([take() for _ in range(6)], bool(queue))"
        #expect(try await output(of: script) == "[0, 1, 2, 3, 4, None] False\n")
    }

    @Test func aCallWaitsWhileOthersHaveOnlyJustBegun() async throws {
        let script = """
            print(force())
            clock.now += 4
            print(force(age=4), take())
            """
        #expect(try await output(of: script) == "None\nNone 0\n")
    }

    @Test func aCallDoesNotWaitWhereNoneWillEndSoon() async throws {
        #expect(try await output(of: "print(force(age=19), force(age=21), force(age=1e5))") == "None 0 1\n")
    }

    @Test func whenNothingMovesTheNextOnesWaitEverShorter() async throws {
        let script = """
            while queue:
                began = clock.now
                while force() is None: clock.now += 0.125
                print(clock.now - began, end=" ")
            """
        #expect(try await output(of: script) == "5.0 2.5 1.25 0.625 0.375 ")
    }

    @Test func aKeeperThatBecameFreeRenewsThePatience() async throws {
        let script = """
            clock.now += 6
            print(force(), take())
            clock.now += 4
            print(force(), queue.seconds_to_wait() > 0)
            clock.now += 2
            print(force())
            """
        #expect(try await output(of: script) == "0 1\nNone True\n2\n")
    }

    @Test func oneThatIsGivenUpIsForgottenWithItsBytes() async throws {
        let script = """
            queue.get(1).input += b"12345"
            queue.get(2).input += b"678"
            print(queue.size, queue.drop(1).number, queue.drop(1), queue.get(1), queue.size)
            print([take() for _ in range(4)])
            """
        #expect(try await output(of: script) == "8 1 None None 3\n[0, 2, 3, 4]\n")
    }
}
