import Testing

/// Which of the calls that arrive together wait for a worker that will soon be free, and how long. The clock is fake.
@Suite(.timeLimit(.minutes(3))) struct GuestAdmissionTests {
    /// Runs `script` with five calls in `queue`. `take` takes the next with a worker, `force` without; both print its
    /// number. Times are in milliseconds.
    private func output(of script: String) async throws -> String {
        let heading = """
            class Clock:
                now = 100_000.0
                def monotonic(self): return self.now / 1000
            clock = guest.admission.time = Clock()
            queue = guest.admission.AdmissionQueue()
            for number in range(5): queue.add(guest.calls.Call(number, "execute", {}))
            def numbered(call): return call and call.number
            def take(): return numbered(queue.next_call(True, clock.monotonic()))
            def force(age=0): return numbered(queue.next_call(False, (clock.now - age) / 1000))
            """
        return try await GuestModules.run("\(heading)\n\(script)")
    }

    @Test func callsStartInOrderWhileWorkersAreFree() async throws {
        let script = "print([take() for _ in range(6)], bool(queue))"
        #expect(try await output(of: script) == "[0, 1, 2, 3, 4, None] False\n")
    }

    @Test func aCallWaitsWhileOthersHaveOnlyJustStarted() async throws {
        let script = """
            print(force())
            clock.now += 4
            print(force(age=4), take())
            """
        #expect(try await output(of: script) == "None\nNone 0\n")
    }

    @Test func aCallDoesNotWaitIfNoneWillEndSoon() async throws {
        #expect(try await output(of: "print(force(age=19), force(age=21), force(age=1e5))") == "None 0 1\n")
    }

    @Test func withoutAFreeWorkerEachWaitIsHalfOfTheOneBefore() async throws {
        let script = """
            while queue:
                began = clock.now
                while force() is None: clock.now += 0.125
                print(clock.now - began, end=" ")
            """
        #expect(try await output(of: script) == "5.0 2.5 1.25 0.625 0.375 ")
    }

    @Test func aWorkerThatBecomesFreeResetsTheWait() async throws {
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

    @Test func aCancelledCallIsRemovedWithItsInput() async throws {
        let script = """
            queue.get(1).input += b"12345"
            queue.get(2).input += b"678"
            print(queue.size, queue.remove(1).number, queue.remove(1), queue.get(1), queue.size)
            print([take() for _ in range(4)])
            """
        #expect(try await output(of: script) == "8 1 None None 3\n[0, 2, 3, 4]\n")
    }
}
