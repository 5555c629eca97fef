import TestSupport
import Testing

/// When the guest counts what a workspace holds.
@Suite(.timeLimit(.minutes(3))) struct GuestDiskMonitorTests {
    @Test(arguments: [("bytes", "-= 600_000"), ("inodes", "-= 150")])
    func countsWhenHalfTheRoomMayBeTaken(what: String, drop: String) async throws {
        let script = """
            import socket, threading, types
            monitor_process = guest.monitor_process
            monitor_process._COUNT_SECONDS = 3600  # no count is due but for what was taken
            left = types.SimpleNamespace(bytes=10**9, inodes=10**6)
            os.statvfs = lambda place: types.SimpleNamespace(f_bavail=left.bytes, f_frsize=1, f_favail=left.inodes)
            counts = []
            class Count:
                bytes = 0
                def __init__(self, *arguments): pass
                def count_tree(self): counts.append(left.\(what))
                def count_deleted(self, is_thorough): pass
            monitor_process.disk_usage.UsageCount = Count
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            threading.Thread(target=monitor_process._MonitorProcess(theirs, 1 << 20, 0).run, daemon=True).start()
            def receive_count():
                while monitor_process.REPORT.unpack(ours.recv(4096))[0] != monitor_process.COUNTED: pass
            receive_count()  # at the start
            left.\(what) \(drop)
            ours.send(monitor_process.NOTIFY)
            receive_count()
            print(len(counts), counts[-1] == left.\(what))
            """
        #expect(try await GuestModules.run(script) == "2 True\n")
    }

    /// Sends reports to a monitor. `reports` returns the name of the action that follows.
    private static let hearing = """
        import socket
        disk_monitor, monitor_process = guest.disk_monitor, guest.monitor_process
        names = ["nothing", "stop", "freeze", "thaw", "start"]
        monitor = disk_monitor.DiskMonitor(1000)
        monitor.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        monitor.socket.setblocking(False)
        def reports(used, began, kind=monitor_process.COUNTED, free=10**6, text=b""):
            theirs.send(monitor_process.REPORT.pack(kind, used, free, began) + text)
            action = monitor.read_reports()
            if action == disk_monitor.THAW or action == disk_monitor.STOP: monitor.mark_thawed()
            if action == disk_monitor.FREEZE: monitor.mark_frozen()
            return names[action]
        now = time.monotonic()

        """

    @Test func stopsNoCommandForWhatAStoppedOneWroteUntilItExited() async throws {
        let script =
            Self.hearing + """
                print(reports(900, now), reports(1100, now), reports(1200, now + 0.1))
                later, slack = now + 60, 1 << 20
                print(reports(1300, later), reports(1250, later + 1), reports(1300 + slack, later + 2), monitor.strictness)
                print(reports(1301 + slack, later + 3), monitor.strictness)
                print(reports(900, later + 60), reports(1001, later + 61))
                """
        #expect(
            try await GuestModules.run(script)
                == "nothing stop nothing\nnothing nothing nothing 1\nstop 2\nnothing stop\n")
    }

    @Test func freezesEverythingIfACountIsInDoubtAndStopsItIfThatFailsToo() async throws {
        let script =
            Self.hearing + """
                failed, all_counted = monitor_process.FAILED, monitor_process.COUNTED_ALL
                print(reports(10, now), reports(0, now, failed, text=b"x: no"), reports(20, now, all_counted))
                print([reports(0, now, failed, text=b"x: no") for _ in range(3)], monitor.is_full)
                print("cannot be determined (x: no)" in monitor.note("Stopped"), monitor.strictness == 2)
                # What is known to be so is no reason to stop it all again.
                print(reports(0, now, failed, text=b"x: no"), reports(30, now), monitor.is_full)
                """
        #expect(
            try await GuestModules.run(script)
                == "nothing freeze thaw\n['freeze', 'freeze', 'stop'] True\nTrue True\nnothing nothing False\n")
    }

    @Test func freezesIfTheMonitorIsSilentOrGone() async throws {
        let script =
            Self.hearing + """
                def notifies(seconds):
                    moment[0] += seconds
                    return names[monitor.notify()]
                moment = [now]
                time.monotonic = lambda: moment[0]
                print(notifies(1), notifies(2), notifies(2))
                monitor.mark_frozen()
                print(notifies(1), notifies(4), notifies(1), notifies(4), monitor.is_full)
                monitor.mark_thawed()
                monitor.reset()
                monitor._was_started, monitor._count_error = True, None
                print(notifies(1))
                fresh = disk_monitor.DiskMonitor(1000)
                print(names[fresh.notify()])
                """
        #expect(
            try await GuestModules.run(script)
                == "nothing nothing freeze\nnothing freeze nothing stop True\nfreeze\nstart\n")
    }

    /// What another on the same disk takes costs a moment's stop; what is held where nobody can look is over the limit.
    @Test func distinguishesDiskSpaceUsedByOthersFromHiddenFiles() async throws {
        let script =
            Self.hearing + """
                def notifies():
                    monitor._next_notify = monitor._next_freeze = 0.0
                    action = monitor.notify()
                    if action == disk_monitor.FREEZE: monitor.mark_frozen()
                    return names[action]
                print(reports(100, now, free=9000), notifies(), reports(110, now, free=8000), notifies())
                print(reports(110, now, monitor_process.COUNTED_ALL, free=8000), notifies())
                # Beyond what is explained by then.
                print(reports(110, now, free=7100), notifies())
                print(reports(110, now, monitor_process.COUNTED_PARTLY, free=7100), monitor.is_full)
                print(reports(110, now, free=6900), notifies())
                print(reports(110, now, monitor_process.COUNTED_PARTLY, free=6900), monitor.is_full)
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

    @Test func countsAtAnyNesting() async throws {
        let script = """
            import tempfile
            disk_usage = guest.disk_usage
            def count(place, tick=lambda: None):
                found = disk_usage.UsageCount([place, place + "/missing"], tick)
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
                except disk_usage.UncountableError as error:
                    print("nested deeper than 200 levels" in str(error))
                os.chdir("/")
                os.system(f"rm -rf {top}/*")
            """
        #expect(try await GuestModules.run(script) == "0\nTrue\nTrue\nTrue\n")
    }
}
