import Testing

/// The timeout of a command that waits for something outside the sandbox stands still.
@Suite(.timeLimit(.minutes(3))) struct GuestClockTests {
    /// A command that started at 0 with a timeout of 10 seconds, of at most 100.
    private static let heading = """
        import types
        now = 0.0
        guest.commands.time = guest.call_lifecycle.time = types.SimpleNamespace(monotonic=lambda: now)
        def command(timeout=10):
            call = guest.commands.Command(1, "execute", {})
            call.state, call.started_at, call.deadline, call.timeout = guest.calls.RUNNING, 0.0, float(timeout), timeout
            call._seconds_left, call._max_timeout, call._quiet_at, call._progress = None, float("inf"), None, None
            call._seconds_asked, call._asking_since = 0.0, None
            return call
        def hold(call, at, is_held):
            global now
            now = at
            call.hold_clock(is_held, 100)
            return call.deadline

        """

    struct Case: Sendable, CustomTestStringConvertible {
        let changes: String
        let deadlines: String

        var testDescription: String { changes }
    }

    @Test(arguments: [
        Case(changes: "(4, True), (9, False)", deadlines: "100.0 15.0"),
        Case(changes: "(4, True), (5, True), (9, False), (10, False)", deadlines: "100.0 100.0 15.0 15.0"),
        Case(changes: "(4, True), (9, False), (12, True), (20, False)", deadlines: "100.0 15.0 100.0 23.0"),
        Case(changes: "(4, True), (98, False)", deadlines: "100.0 100.0"),
        Case(changes: "(4, False)", deadlines: "10.0"),
        Case(changes: "(11, True), (12, False)", deadlines: "100.0 12.0"),
    ])
    func theTimeOfTheWaitIsAddedUpToTheMaximum(sample: Case) async throws {
        let script = "call = command()\nprint(*(hold(call, *change) for change in [\(sample.changes)]))"
        #expect(try await GuestModules.run(Self.heading + script) == "\(sample.deadlines)\n")
    }

    /// Level 2: a person is asked.
    @Test(arguments: [
        Case(changes: "(4, 2), (1004, 0)", deadlines: "3700.0 1010.0"),
        Case(changes: "(4, 1), (6, 2), (1006, 1), (1008, 0)", deadlines: "100.0 3700.0 1100.0 1014.0"),
        Case(
            changes: "(4, 2), (1004, 0), (1005, 2), (2005, 1), (2090, 0)",
            deadlines: "3700.0 1010.0 3700.0 2100.0 2095.0"),
        Case(changes: "(4, 2), (1004, 1), (1099, 0)", deadlines: "3700.0 1100.0 1100.0"),
        Case(changes: "(4, 2), (3690, 0), (3691, 2), (3699, 0)", deadlines: "3700.0 3696.0 3700.0 3700.0"),
        Case(changes: "(4, 2), (5, 2), (6, 0)", deadlines: "3700.0 3700.0 12.0"),
    ])
    func theTimeThatAPersonTakesCountsTowardsNoLimitButItsOwn(sample: Case) async throws {
        let script = "call = command()\nprint(*(hold(call, *change) for change in [\(sample.changes)]))"
        #expect(try await GuestModules.run(Self.heading + script) == "\(sample.deadlines)\n")
    }

    @Test func aTimeoutNamesTheLimitThatWasReached() async throws {
        let script = """
            for changes in [[], [(4, True)], [(4, True), (9, False)], [(4, True), (98, False)]]:
                call = command()
                for change in changes: hold(call, *change)
                call.on_timeout()
                print(call.timed_out, call.timeout)
            """
        #expect(try await GuestModules.run(Self.heading + script) == "True 10\nTrue 100\nTrue 10\nTrue 100\n")
    }

    @Test(arguments: ["STOPPING", "DRAINING", "COUNTING", "FINISHED"])
    func aCommandThatEndsKeepsItsDeadline(state: String) async throws {
        let script = """
            call = command()
            hold(call, 4, True)
            call.state, call.deadline = guest.calls.CallState["\(state)"], 7.0
            print(hold(call, 5, False), hold(call, 6, True))
            """
        #expect(try await GuestModules.run(Self.heading + script) == "7.0 7.0\n")
    }

    /// What arrives for a call that is over, or is no command, is ignored.
    @Test func onlyCommandsInProgressHaveAClock() async throws {
        let script = """
            active = guest.active_calls.ActiveCalls()
            lifecycle = guest.call_lifecycle.CallLifecycle(100)
            lifecycle._calls = active
            call = command()
            call.worker = types.SimpleNamespace(pid=1)
            active.add(call)
            operation = guest.file_operations.FileOperation(2, "read_file", {})
            operation.worker, operation.deadline = types.SimpleNamespace(pid=2), 60.0
            active.add(operation)
            for number in (1, 2, 3): lifecycle.hold_clock(number, True)
            print(call.deadline, operation.deadline)
            """
        #expect(try await GuestModules.run(Self.heading + script) == "100.0 60.0\n")
    }
}
