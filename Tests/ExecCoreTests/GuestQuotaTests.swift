import TestSupport
import Testing

/// When the guest counts what a workspace holds.
@Suite(.timeLimit(.minutes(2))) struct GuestQuotaTests {
    @Test(arguments: [("bytes", "-= 600_000"), ("inodes", "-= 150")])
    func countsWhenHalfTheRoomMayBeTaken(what: String, drop: String) async throws {
        let script = """
            import socket, threading, types
            quota = guest.quota
            quota._COUNT_SECONDS = 3600  # no count is due but for what was taken
            left = types.SimpleNamespace(bytes=10**9, inodes=10**6)
            os.statvfs = lambda place: types.SimpleNamespace(f_bavail=left.bytes, f_frsize=1, f_favail=left.inodes)
            counts = []
            quota.count = lambda: counts.append(left.\(what)) or 0
            ours, theirs = socket.socketpair()
            threading.Thread(target=quota._watch, args=(theirs, 1 << 20), daemon=True).start()
            ours.recv(16)  # at the start
            ours.send(b"!")
            ours.recv(16)  # for the first work
            left.\(what) \(drop)
            ours.send(b"!")
            ours.recv(16)
            print(len(counts), counts[-1] == left.\(what))
            """
        #expect(try await GuestModules.run(script) == "3 True\n")
    }

    @Test func stopsNobodyForWhatAStoppedCommandWroteUntilItsEnd() async throws {
        let script = """
            import socket
            quota = guest.quota
            surveyor = quota.Surveyor(1000)
            surveyor.socket, theirs = socket.socketpair()
            def hears(used, began):
                theirs.send(quota._REPORT.pack(used, began))
                return surveyor.hear()
            now = time.monotonic()
            print(hears(900, now), hears(1100, now), hears(1200, now + 1))
            later = now + 60
            print(hears(1300, later), hears(1250, later + 1), hears(1301, later + 2))
            print(hears(900, later + 60), hears(1001, later + 61))
            """
        #expect(try await GuestModules.run(script) == "False True False\nFalse False True\nFalse True\n")
    }
}
