import TestSupport
import Testing

/// When the guest counts what a workspace holds.
@Suite(.timeLimit(.minutes(2))) struct GuestQuotaTests {
    @Test(arguments: [("bytes", "-= 600_000"), ("inodes", "-= 150")])
    func countsWhenHalfTheRoomMayBeTaken(what: String, drop: String) async throws {
        let script = """
            import socket, threading, types
            surveying = guest.surveying
            surveying._COUNT_SECONDS = 3600  # no count is due but for what was taken
            left = types.SimpleNamespace(bytes=10**9, inodes=10**6)
            os.statvfs = lambda place: types.SimpleNamespace(f_bavail=left.bytes, f_frsize=1, f_favail=left.inodes)
            counts = []
            class Count:
                bytes = 0
                def __init__(self, *arguments): pass
                def count_tree(self): counts.append(left.\(what))
                def count_held(self, is_thorough): pass
            surveying.counting.Count = Count
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            threading.Thread(target=surveying._Surveying(theirs, 1 << 20, 0).run, daemon=True).start()
            def hear_count():
                while surveying.REPORT.unpack(ours.recv(4096))[0] != surveying.COUNTED: pass
            hear_count()  # at the start
            left.\(what) \(drop)
            ours.send(surveying.POKE)
            hear_count()
            print(len(counts), counts[-1] == left.\(what))
            """
        #expect(try await GuestModules.run(script) == "2 True\n")
    }

    /// Feeds a surveyor with reports. `hears` says what has to be done.
    private static let hearing = """
        import socket
        quota, surveying = guest.quota, guest.surveying
        names = ["nothing", "stop", "freeze", "thaw", "start"]
        surveyor = quota.Surveyor(1000)
        surveyor.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        surveyor.socket.setblocking(False)
        def hears(used, began, kind=surveying.COUNTED, free=10**6, text=b""):
            theirs.send(surveying.REPORT.pack(kind, used, free, began) + text)
            todo = surveyor.hear()
            if todo == quota.THAW or todo == quota.STOP: surveyor.thaw()
            if todo == quota.FREEZE: surveyor.freeze()
            return names[todo]
        now = time.monotonic()

        """

    @Test func stopsNobodyForWhatAStoppedCommandWroteUntilItsEnd() async throws {
        let script =
            Self.hearing + """
                print(hears(900, now), hears(1100, now), hears(1200, now + 0.1))
                later, slack = now + 60, 1 << 20
                print(hears(1300, later), hears(1250, later + 1), hears(1300 + slack, later + 2), surveyor.strictness)
                print(hears(1301 + slack, later + 3), surveyor.strictness)
                print(hears(900, later + 60), hears(1001, later + 61))
                """
        #expect(
            try await GuestModules.run(script)
                == "nothing stop nothing\nnothing nothing nothing 1\nstop 2\nnothing stop\n")
    }

    @Test func stopsEverythingWhereACountIsInDoubtAndEndsItWhereThatFailsToo() async throws {
        let script =
            Self.hearing + """
                failed, all_counted = surveying.FAILED, surveying.COUNTED_ALL
                print(hears(10, now), hears(0, now, failed, text=b"x: no"), hears(20, now, all_counted))
                print([hears(0, now, failed, text=b"x: no") for _ in range(3)], surveyor.is_full)
                print("cannot be counted (x: no)" in surveyor.note("Stopped"), surveyor.strictness == 2)
                # What is known to be so is no reason to stop it all again.
                print(hears(0, now, failed, text=b"x: no"), hears(30, now), surveyor.is_full)
                """
        #expect(
            try await GuestModules.run(script)
                == "nothing freeze thaw\n['freeze', 'freeze', 'stop'] True\nTrue True\nnothing nothing False\n")
    }

    @Test func asksAgainWhereNothingIsHeardAndWhereTheCounterIsGone() async throws {
        let script =
            Self.hearing + """
                def pokes(seconds):
                    moment[0] += seconds
                    return names[surveyor.poke()]
                moment = [now]
                time.monotonic = lambda: moment[0]
                print(pokes(1), pokes(2), pokes(2))
                surveyor.freeze()
                print(pokes(1), pokes(4), pokes(1), pokes(4), surveyor.is_full)
                surveyor.thaw()
                surveyor.forget()
                surveyor._was_started, surveyor._trouble = True, None
                print(pokes(1))
                fresh = quota.Surveyor(1000)
                print(names[fresh.poke()])
                """
        #expect(
            try await GuestModules.run(script)
                == "nothing nothing freeze\nnothing freeze nothing stop True\nfreeze\nstart\n")
    }

    /// What another on the same disk takes costs a moment's stop; what is held where nobody can look is over the limit.
    @Test func tellsWhatTheDiskLosesToOthersFromWhatIsHidden() async throws {
        let script =
            Self.hearing + """
                def pokes():
                    surveyor._next_poke = surveyor._next_doubt = 0.0
                    todo = surveyor.poke()
                    if todo == quota.FREEZE: surveyor.freeze()
                    return names[todo]
                print(hears(100, now, free=9000), pokes(), hears(110, now, free=8000), pokes())
                print(hears(110, now, surveying.COUNTED_ALL, free=8000), pokes())
                # Beyond what is explained by then.
                print(hears(110, now, free=7100), pokes())
                print(hears(110, now, surveying.COUNTED_BLINDLY, free=7100), surveyor.is_full)
                print(hears(110, now, free=6900), pokes())
                print(hears(110, now, surveying.COUNTED_BLINDLY, free=6900), surveyor.is_full)
                """
        #expect(
            try await GuestModules.run(script) == """
                nothing nothing nothing freeze
                thaw nothing
                nothing freeze
                thaw False
                nothing freeze
                stop True

                """)
    }

    @Test func countsHoweverItIsNested() async throws {
        let script = """
            import tempfile
            counting = guest.counting
            def count(place, tick=lambda: None):
                found = counting.Count([place, place + "/missing"], tick)
                found.count_tree()
                return found.bytes
            with tempfile.TemporaryDirectory() as top:
                print(count(top))
                os.chdir(top)
                with open("file", "wb") as file: file.write(b"x" * 40960)
                os.link("file", "link")
                os.symlink("file", "symbolic")
                print(count(top) == 40960 + 512 + 4096)
                for _ in range(25):
                    os.mkdir("n" * 200, 0o700); os.chdir("n" * 200)
                with open("deep", "wb") as file: file.write(b"x" * 40960)
                print(count(top) == 2 * 40960 + 512 + 4096 + 25 * 4096)
                for _ in range(250):
                    os.mkdir("n"); os.chdir("n")
                try:
                    count(top)
                except counting.Uncountable as error:
                    print("nested deeper than 200 levels" in str(error))
                os.chdir("/")
                os.system(f"rm -rf {top}/*")
            """
        #expect(try await GuestModules.run(script) == "0\nTrue\nTrue\nTrue\n")
    }
}
