import Testing

@testable import ExecCore

/// The parts of Python sessions that need no sandbox: the program `py`, the process of a session, what it shows, and
/// whose calls its code makes.
@Suite(.timeLimit(.minutes(3))) struct GuestPySessionTests {
    /// A session's process. `run` has it run a piece of code, and returns what it prints and its message.
    private static let heading = #"""
        import array, socket, subprocess, tempfile
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        loader = guest.py_session._LOADER.replace("fileno=3", f"fileno={theirs.fileno()}")
        process = subprocess.Popen([sys.executable, "-c", loader], pass_fds=[theirs.fileno()])
        theirs.close()
        ours.settimeout(60)
        ours.send(guest.py_session._program())
        def run(code, kind=b"-", arguments=b""):
            with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as piece:
                fields = kind, code.encode(), arguments, b"/", b"NAME=value", b"22", b""
                piece.write(b"".join(len(field).to_bytes(4, "little") + field for field in fields))
                piece.flush()
                null = os.open("/dev/null", os.O_RDWR)
                socket.send_fds(ours, [b"run\0main"], [null, output.fileno(), output.fileno(), piece.fileno()])
                os.close(null)
                message = ours.recv(4096).decode().split("\0")
                output.seek(0)
                return output.read().decode(), message

        """#

    private func run(_ script: String) async throws -> String {
        try await GuestModules.run(Self.heading + script)
    }

    @Test func aProcessKeepsItsVariablesAndNamesThem() async throws {
        let script = """
            print(run("import math\\nx, y = 20, 22"), run("x + y"), run("1/0")[1], run("exit(3)")[1])
            ours.send(b"quit")
            print(process.wait(60))
            """
        let expected = """
            ('', ['done', '0', '2', 'x, y']) ('42\\n', ['done', '0', '2', 'x, y']) ['done', '1', '2', 'x, y'] \
            ['done', '3', '2', 'x, y']
            0

            """
        #expect(try await run(script) == expected)
    }

    @Test func aProcessEndsWithoutTheGuest() async throws {
        #expect(try await run("ours.close()\nprint(process.wait(60))") == "0\n")
    }

    @Test func aPieceSeesOnlyItsOwnNames() async throws {
        let script = """
            print(run("[name for name in globals() if name[:2] != '__'], __name__")[0], end="")
            ours.close()
            process.wait(60)
            """
        #expect(try await run(script) == "([], '__main__')\n")
    }

    @Test(arguments: [
        ("-c 1+1 a -b", "('run', 'main', '20', ('-c', '1+1', ['-c', 'a', '-b']))"),
        ("-s x --wait 3 f.py -c 2", "('run', 'x', '3', ('f.py', None, ['f.py', '-c', '2']))"),
        ("-sx --close", "('close', 'x', '20', ('-', None, ['']))"),
        ("--session=x --list", "('list', 'x', '20', ('-', None, ['']))"),
        ("-c=1", "stopped"), ("-m json", "stopped"), ("-s", "stopped"),
    ])
    func theProgramReadsItsArguments(arguments: String, expected: String) async throws {
        let script = """
            def stop(text, status=2):
                raise SystemExit
            guest.py_client.stop = stop
            try:
                print(guest.py_client.parse("\(arguments)".split(" ")))
            except SystemExit:
                print("stopped")
            """
        #expect(try await GuestModules.run(script) == expected + "\n")
    }

    @Test func callsBelongToTheCommandThatASessionServes() async throws {
        let script = """
            import types
            active = guest.active_calls.ActiveCalls()
            call = guest.commands.Command(7, "execute", {})
            call.worker = types.SimpleNamespace(pid=1)
            active.add(call)
            active.lend(2, call)
            served = active.served_by(1), active.served_by(2), active.for_worker_pid(2)
            print([found and found.number for found in served])
            active.lend(2, None)
            print(active.served_by(2))
            active.lend(2, call)
            active.remove(call)
            print(active.served_by(2))
            """
        #expect(try await GuestModules.run(script) == "[7, 7, None]\nNone\nNone\n")
    }

    @Test func longValuesAreBounded() async throws {
        let script = """
            shown = guest.py_display
            values = [0] * 10**6, "x" * 10**6, {n: n for n in range(2000)}
            texts = [shown._bounded(shown._text(value)) for value in values]
            print([len(text) < 21_000 for text in texts], texts[0].splitlines()[-1], shown._text([1, 2]))
            """
        let expected = "[True, True, True] … the first 100 of 1,000,000 items [1, 2]\n"
        #expect(try await GuestModules.run(script) == expected)
    }
}
