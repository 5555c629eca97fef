import TestSupport
import Testing

/// How the guest puts a file in its place.
@Suite(.timeLimit(.minutes(3))) struct GuestFilesTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Runs `script` with `write`, which writes the file `kept.txt` in the test's directory out of the pieces that it is
    /// given, and `has_no_unnamed_files`, which makes the file system one that cannot have such.
    private func output(of script: String) async throws -> String {
        let heading = """
            import errno
            os.chdir(sys.argv[1])
            class Body:
                size = 0
                def __init__(self, *pieces): self.pieces = list(pieces)
                def read(self, limit):
                    piece = self.pieces.pop(0) if self.pieces else b""
                    return piece() if callable(piece) else piece
            def write(*pieces):
                guest.files.write_file({"file_path": os.path.abspath("kept.txt")}, Body(*pieces), None)
            def text():
                with open("kept.txt") as file: return file.read()
            def has_no_unnamed_files(open=os.open):
                def without(path, flags, *rest):
                    if flags & os.O_TMPFILE == os.O_TMPFILE: raise OSError(errno.EOPNOTSUPP, "no")
                    return open(path, flags, *rest)
                os.open = without
            """
        return try await GuestModules.run("\(heading)\n\(script)", arguments: [directory.path])
    }

    @Test func leavesNothingBesideTheOldFileWhenItIsKilled() async throws {
        let script = """
            write(b"old")
            if os.fork() == 0:
                write(b"half of the n", lambda: os.kill(os.getpid(), signal.SIGKILL))
            print(os.WTERMSIG(os.wait()[1]), os.listdir(), text())
            """
        #expect(try await output(of: script) == "9 ['kept.txt'] old\n")
    }

    @Test(arguments: ["", "has_no_unnamed_files()"])
    func leavesNothingBesideTheOldFileWhenItFails(first: String) async throws {
        let script = """
            \(first)
            write(b"old")
            os.chmod("kept.txt", 0o640)
            def fail(): raise OSError(errno.ENOSPC, "full")
            try:
                write(b"half of the n", fail)
            except OSError as error:
                print(error.strerror, os.listdir(), text())
            write(b"n", b"ew")
            print(os.listdir(), text(), oct(os.stat("kept.txt").st_mode & 0o7777), os.stat("kept.txt").st_nlink)
            """
        #expect(try await output(of: script) == "full ['kept.txt'] old\n['kept.txt'] new 0o640 1\n")
    }
}
