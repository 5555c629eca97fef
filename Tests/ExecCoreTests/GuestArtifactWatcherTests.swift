import TestSupport
import Testing

/// What the guest tells of a directory that changes, with the system's watch and without.
@Suite(.timeLimit(.minutes(3))) struct GuestArtifactWatcherTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Runs `script` with `watcher`, which looks at the test's directory, and functions to change and to ask.
    private func output(of script: String) async throws -> String {
        let heading = """
            import select
            os.chdir(sys.argv[1])
            guest.artifacts.DIRECTORY = sys.argv[1]
            def write(name, text="x", at=None):
                with open(name, "w") as file: file.write(text)
            def scan():
                frame = watcher.scan()
                change = json.loads(frame[9:]) if frame else {}
                return " ".join(f"{kind}={','.join(change[kind])}" for kind in sorted(change) if change[kind] not in ([], True, False))
            def has_event():
                return bool(select.select([watcher._descriptor], [], [], 0)[0])
            """
        return try await GuestModules.run("\(heading)\n\(script)", arguments: [directory.path])
    }

    @Test func tellsOfEachChangeOnce() async throws {
        let script = """
            write("old")
            watcher = guest.artifact_watcher.ArtifactWatcher(guest.event_loop.EventLoop(), 1000)
            print(watcher.seconds_to_wait() > 0, scan(), watcher.seconds_to_wait())
            write("new"); write("old", "longer"); write(".hidden"); os.mkdir("directory")
            print(has_event(), scan(), has_event(), [scan()])
            os.rename("new", "newer"); write("large", "x" * 1001); os.symlink("/etc/passwd", "out")
            print(scan())
            os.unlink("old"); write("large", "x" * 1000)
            print(scan())
            write("large", "x" * 1001)
            print(scan())
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
            watcher = guest.artifact_watcher.ArtifactWatcher(guest.event_loop.EventLoop(), 1000)
            print(watcher.has_inotify, [scan()], watcher.seconds_to_wait())
            write("new")
            watcher.schedule_scan()
            print(0 < watcher.seconds_to_wait() <= 0.25, scan(), watcher.seconds_to_wait())
            """
        #expect(try await output(of: script) == "False [''] None\nTrue added=new None\n")
    }

    @Test func aFloodOfEventsIsTakenAtOneLook() async throws {
        let script = """
            watcher = guest.artifact_watcher.ArtifactWatcher(guest.event_loop.EventLoop(), 1000)
            for number in range(20_000):
                os.close(os.open(f"{number % 300:03}", os.O_CREAT | os.O_WRONLY)); os.unlink(f"{number % 300:03}")
            print(has_event(), [scan()], has_event())
            for number in range(150): write(f"{number:03}")
            frame = json.loads(watcher.scan()[9:])
            print(len(frame["added"]), frame["added"][-1], frame["modified"], frame["removed"], frame["more"])
            """
        #expect(try await output(of: script) == "True [''] False\n100 099 [] [] True\n")
    }

    @Test func aDirectoryThatIsNotThereIsEmpty() async throws {
        let script = """
            guest.artifacts.DIRECTORY += "/none"
            watcher = guest.artifact_watcher.ArtifactWatcher(guest.event_loop.EventLoop(), 1000)
            print(watcher.has_inotify, [scan()])
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
            watcher = guest.artifact_watcher.ArtifactWatcher(guest.event_loop.EventLoop(), 1000)
            print(sorted(watcher.current()), sorted(watcher.current()), looked)
            write("one"); watcher.scan()
            print(sorted(watcher.current()), sorted(watcher.current()), looked)
            size = watcher.current()["one"][0]
            write("one", "longer"); write("two")
            print(size, sorted(watcher.current()), watcher.current()["one"][0], looked)
            watcher.scan()
            print(sorted(watcher.current()), looked)
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
            watcher = guest.artifact_watcher.ArtifactWatcher(guest.event_loop.EventLoop(), 1000)
            watcher.scan()
            write("one")
            print(sorted(watcher.current()))
            write("two")
            print(sorted(watcher.current()))
            """
        #expect(try await output(of: script) == "['one']\n['one', 'two']\n")
    }
}
