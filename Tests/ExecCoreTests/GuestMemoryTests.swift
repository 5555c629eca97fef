import Testing

/// Which results say that the memory limit has killed something. The kernel's counter is a fake.
@Suite(.timeLimit(.minutes(3))) struct GuestMemoryTests {
    /// Runs `script` with a fresh tracker. `during` and `since` print whether a command's result says that something was
    /// killed in its time and before it.
    private func output(of script: String) async throws -> String {
        let heading = """
            class Counter:
                kills = 7
                def count(self): return self.kills
            counter = Counter()
            tracker = guest.memory.OutOfMemoryTracker("1g", counter)
            def end(baseline, code=0):
                lines = tracker.command_ended(baseline, code)
                print("during" * ("while this command" in lines) + "since" * ("since" in lines) or "nothing", end=" ")
            """
        return try await GuestModules.run("\(heading)\n\(script)")
    }

    @Test(arguments: [0, 1, 137, 143])
    func aKillIsToldWhateverTheExitCode(code: Int) async throws {
        let script = """
            one = tracker.command_started(tracker.kill_count())
            counter.kills += 1
            end(one, \(code))
            end(tracker.command_started(tracker.kill_count()), 3)
            """
        #expect(try await output(of: script) == "during nothing ")
    }

    @Test func whatFallsBetweenTwoCommandsIsToldOnceAndInOtherWords() async throws {
        let script = """
            end(tracker.command_started(tracker.kill_count()))
            counter.kills += 2
            end(tracker.command_started(tracker.kill_count()), 1)
            end(tracker.command_started(tracker.kill_count()), 137)
            """
        #expect(try await output(of: script) == "nothing since nothing ")
    }

    @Test func nobodyIsToldOfAKillOfTheGuestsOwnProcess() async throws {
        let script = """
            before = tracker.kill_count()
            one = tracker.command_started(tracker.kill_count())
            counter.kills += 1
            tracker.ignore_kill(before)
            end(one)
            before = tracker.kill_count()
            counter.kills += 1
            tracker.ignore_kill(before)
            end(tracker.command_started(tracker.kill_count()))
            before = tracker.kill_count()
            two = tracker.command_started(tracker.kill_count())
            counter.kills += 2
            tracker.ignore_kill(before)
            end(two)
            """
        #expect(try await output(of: script) == "nothing nothing during ")
    }

    @Test func whatKilledTheGuestsOwnProcessWithoutTheKernelHidesNoKill() async throws {
        let script = """
            before = tracker.kill_count()
            one = tracker.command_started(tracker.kill_count())
            tracker.ignore_kill(before)
            counter.kills += 1
            end(one)
            """
        #expect(try await output(of: script) == "during ")
    }

    @Test func aKillBeforeAndAKillDuringACommandAreBothTold() async throws {
        let script = """
            counter.kills += 1
            one = tracker.command_started(tracker.kill_count())
            counter.kills += 1
            end(one)
            end(tracker.command_started(tracker.kill_count()))
            """
        #expect(try await output(of: script) == "duringsince nothing ")
    }

    @Test func aCommandThatWasKilledExplainsItToThoseBesideIt() async throws {
        let script = """
            calm, hog = tracker.command_started(tracker.kill_count()), tracker.command_started(tracker.kill_count())
            counter.kills += 1
            end(hog, 137)
            end(calm)
            """
        #expect(try await output(of: script) == "during nothing ")
    }

    @Test func aKillThatNothingExplainsIsToldToAllThatRan() async throws {
        let script = """
            first, second = tracker.command_started(tracker.kill_count()), tracker.command_started(tracker.kill_count())
            counter.kills += 1
            end(first)
            third = tracker.command_started(tracker.kill_count())
            end(second)
            end(third)
            """
        #expect(try await output(of: script) == "during during nothing ")
    }

    @Test func whereTheKernelDoesNotSayNothingIsSaid() async throws {
        let script = """
            counter.kills = None
            tracker = guest.memory.OutOfMemoryTracker("1g", counter)
            end(tracker.command_started(tracker.kill_count()), 137)
            """
        #expect(try await output(of: script) == "nothing ")
    }
}
