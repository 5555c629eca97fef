import Testing

/// Which results say that the memory limit has killed something. The kernel's counter is a fake.
@Suite(.timeLimit(.minutes(2))) struct GuestMemoryTests {
    /// Runs `script` with a fresh watch. `during` and `since` print whether a command's result says that something was
    /// killed in its time and before it.
    private func output(of script: String) async throws -> String {
        let heading = """
            class Counter:
                kills = 7
                def count(self): return self.kills
            counter = Counter()
            watch = guest.memory.MemoryWatch("1g", counter)
            def end(began, code=0):
                lines = watch.end(began, code)
                print("during" * ("while this command" in lines) + "since" * ("Since" in lines) or "nothing", end=" ")
            """
        return try await GuestModules.run("\(heading)\n\(script)")
    }

    @Test(arguments: [0, 1, 137, 143])
    func aKillIsToldWhateverTheExitCode(code: Int) async throws {
        let script = """
            one = watch.begin(watch.look())
            counter.kills += 1
            end(one, \(code))
            end(watch.begin(watch.look()), 3)
            """
        #expect(try await output(of: script) == "during nothing ")
    }

    @Test func whatFallsBetweenTwoCommandsIsToldOnceAndInOtherWords() async throws {
        let script = """
            end(watch.begin(watch.look()))
            counter.kills += 2
            end(watch.begin(watch.look()), 1)
            end(watch.begin(watch.look()), 137)
            """
        #expect(try await output(of: script) == "nothing since nothing ")
    }

    @Test func aKillBeforeAndAKillDuringACommandAreBothTold() async throws {
        let script = """
            counter.kills += 1
            one = watch.begin(watch.look())
            counter.kills += 1
            end(one)
            end(watch.begin(watch.look()))
            """
        #expect(try await output(of: script) == "duringsince nothing ")
    }

    @Test func aCommandThatWasKilledExplainsItToThoseBesideIt() async throws {
        let script = """
            calm, hog = watch.begin(watch.look()), watch.begin(watch.look())
            counter.kills += 1
            end(hog, 137)
            end(calm)
            """
        #expect(try await output(of: script) == "during nothing ")
    }

    @Test func aKillThatNothingExplainsIsToldToAllThatRan() async throws {
        let script = """
            first, second = watch.begin(watch.look()), watch.begin(watch.look())
            counter.kills += 1
            end(first)
            third = watch.begin(watch.look())
            end(second)
            end(third)
            """
        #expect(try await output(of: script) == "during during nothing ")
    }

    @Test func whereTheKernelDoesNotSayNothingIsSaid() async throws {
        let script = """
            counter.kills = None
            watch = guest.memory.MemoryWatch("1g", counter)
            end(watch.begin(watch.look()), 137)
            """
        #expect(try await output(of: script) == "nothing ")
    }
}
