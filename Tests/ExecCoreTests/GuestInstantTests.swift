import TestSupport
import Testing

/// What an instant Python keeps in the workspace: names that code may have changed.
@Suite(.timeLimit(.minutes(2))) struct GuestInstantTests {
    /// Runs `script`, in which `kept` is the path of the file, and `new()` the parts of the next sandbox.
    private func output(of script: String) async throws -> String {
        let heading = """
            os.environ["PYTHONUSERBASE"] = os.path.join(sys.argv[1], "user", "base")
            from guest import instant
            kept = os.path.join(os.environ["PYTHONUSERBASE"], "python-imports")
            def left(content):
                os.makedirs(os.path.dirname(kept), exist_ok=True)
                with open(kept, "wb") as file:
                    file.write(content)
                return instant.kept_names()

            """
        let directory = try TemporaryDirectory()
        return try await GuestModules.run(heading + script, arguments: [directory.path])
    }

    @Test func namesAreKeptForTheNextSandbox() async throws {
        let script = """
            print(instant.kept_names())
            instant.keep_names(["scipy.stats", "seaborn"])
            print(instant.kept_names(), os.listdir(os.path.dirname(kept)))
            instant.keep_names([])
            print(instant.kept_names())
            """
        #expect(try await output(of: script) == "[]\n['scipy.stats', 'seaborn'] ['python-imports']\n[]\n")
    }

    @Test func nothingButNamesIsRead() async throws {
        let script = #"""
            print(left(b"scipy ../x os;x -c \xff a-b 1a \0 _b.c\n\n"))
            print(left(b"a" * 101), left(b"\n".join([b"name"] * 1000)) == ["name"] * 64)
            print(len(left(b"a " * 100_000)))
            """#
        #expect(try await output(of: script) == "['scipy', '_b.c']\n[] True\n64\n")
    }

    @Test func whateverElseIsThereIsNoReasonToWaitOrToFail() async throws {
        let script = """
            base = os.path.dirname(kept)
            for make in (os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/passwd", path)):
                os.makedirs(base, exist_ok=True)
                make(kept)
                names = instant.kept_names()
                make(kept + ".new")
                instant.keep_names(["scipy"])
                print(names, instant.kept_names())
                os.rename(base, base + str(time.monotonic_ns()))
            with open(base, "w"):
                instant.keep_names(["scipy"])
            print(instant.kept_names())
            """
        #expect(try await output(of: script) == "[] []\n[] []\n[] []\n[]\n")
    }

    @Test func keptNamesAreAmongThoseThatArePreloaded() async throws {
        let script = """
            config = {"memory_bytes": 1 << 30, "python_ahead": False}
            python = instant.InstantPython(config, None)
            python._learn(left(b"scipy.stats numpy seaborn"))
            print(list(python._names), python._is_wanted)
            """
        #expect(
            try await output(of: script)
                == "['numpy', 'pandas', 'matplotlib.pyplot', 'scipy.stats', 'seaborn'] False\n")
    }
}
