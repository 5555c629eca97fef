import TestSupport
import Testing

/// What the guest tells of a directory that changes, with the system's watch and without.
@Suite(.timeLimit(.minutes(2))) struct GuestWatchTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Runs `script` with `watch`, which looks at the test's directory, and functions to change and to ask.
    private func output(of script: String) async throws -> String {
        let heading = """
            import select
            os.chdir(sys.argv[1])
            guest.artifacts.DIRECTORY = sys.argv[1]
            def write(name, text="x", at=None):
                with open(name, "w") as file: file.write(text)
            def look():
                frame = watch.look()
                change = json.loads(frame[9:]) if frame else {}
                return " ".join(f"{kind}={','.join(change[kind])}" for kind in sorted(change) if change[kind] not in ([], True, False))
            def has_event():
                return bool(select.select([watch._descriptor], [], [], 0)[0])
            """
        return try await GuestModules.run("\(heading)\n\(script)", arguments: [directory.path])
    }

    @Test func tellsOfEachChangeOnce() async throws {
        let script = """
            write("old")
            watch = guest.watch.ArtifactWatch(guest.pollset.PollSet(), 1000)
            print(watch.seconds_to_wait() > 0, look(), watch.seconds_to_wait())
            write("new"); write("old", "longer"); write(".hidden"); os.mkdir("directory")
            print(has_event(), look(), has_event(), [look()])
            os.rename("new", "newer"); write("large", "x" * 1001); os.symlink("/etc/passwd", "out")
            print(look())
            os.unlink("old"); write("large", "x" * 1000)
            print(look())
            write("large", "x" * 1001)
            print(look())
            """
        #expect(
            try await output(of: script) == """
                True added=old None
                True added=new modified=old False ['']
                added=newer removed=new
                added=large removed=old
                removed=large

                """)
    }

    @Test func doesTheSameWithoutAWatchOfTheSystem() async throws {
        let script = """
            guest.system._libc = type("", (), {"inotify_init1": staticmethod(lambda flags: -1)})
            watch = guest.watch.ArtifactWatch(guest.pollset.PollSet(), 1000)
            print(watch.is_told, [look()], watch.seconds_to_wait())
            write("new")
            watch.wake()
            print(0 < watch.seconds_to_wait() <= 0.25, look(), watch.seconds_to_wait())
            """
        #expect(try await output(of: script) == "False [''] None\nTrue added=new None\n")
    }

    @Test func aFloodOfEventsIsTakenAtOneLook() async throws {
        let script = """
            watch = guest.watch.ArtifactWatch(guest.pollset.PollSet(), 1000)
            for number in range(20_000):
                os.close(os.open(f"{number % 300:03}", os.O_CREAT | os.O_WRONLY)); os.unlink(f"{number % 300:03}")
            print(has_event(), [look()], has_event())
            for number in range(150): write(f"{number:03}")
            frame = json.loads(watch.look()[9:])
            print(len(frame["added"]), frame["added"][-1], frame["modified"], frame["removed"], frame["more"])
            """
        #expect(try await output(of: script) == "True [''] False\n100 099 [] [] True\n")
    }

    @Test func aDirectoryThatIsNotThereIsEmpty() async throws {
        let script = """
            guest.artifacts.DIRECTORY += "/none"
            watch = guest.watch.ArtifactWatch(guest.pollset.PollSet(), 1000)
            print(watch.is_told, [look()])
            """
        #expect(try await output(of: script) == "False ['']\n")
    }

    @Test func whatIsThereIsNotLookedAtAnewUntilSomethingHappens() async throws {
        let script = """
            looked = 0
            snapshot = guest.artifacts.snapshot
            def counting():
                global looked
                looked += 1
                return snapshot()
            guest.artifacts.snapshot = counting
            watch = guest.watch.ArtifactWatch(guest.pollset.PollSet(), 1000)
            print(sorted(watch.current()), sorted(watch.current()), looked)
            write("one"); watch.look()
            print(sorted(watch.current()), sorted(watch.current()), looked)
            size = watch.current()["one"][0]
            write("one", "longer"); write("two")
            print(size, sorted(watch.current()), watch.current()["one"][0], looked)
            watch.look()
            print(sorted(watch.current()), looked)
            """
        #expect(
            try await output(of: script) == """
                [] [] 2
                ['one'] ['one'] 3
                1 ['one', 'two'] 6 5
                ['one', 'two'] 6

                """)
    }

    @Test func withoutAWatchOfTheSystemWhatIsThereIsLookedAtEachTime() async throws {
        let script = """
            guest.system._libc = type("", (), {"inotify_init1": staticmethod(lambda flags: -1)})
            watch = guest.watch.ArtifactWatch(guest.pollset.PollSet(), 1000)
            watch.look()
            write("one")
            print(sorted(watch.current()))
            write("two")
            print(sorted(watch.current()))
            """
        #expect(try await output(of: script) == "['one']\n['one', 'two']\n")
    }
}
