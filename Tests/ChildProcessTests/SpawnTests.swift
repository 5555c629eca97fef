import Foundation
import SystemCalls
import TestSupport
import Testing

@testable import ChildProcess

@Suite(.timeLimit(.minutes(3))) struct SpawnTests {
    @Test(arguments: [
        [], [""], ["a b", "c"], ["'", "\"", "`id`", "$HOME", "*", "\\"], ["line\nline", "\t"], ["grün", "日本", "🙂"],
        ["-n", "--", "%s"], [String(repeating: "x", count: 100_000)],
    ])
    func handsOnArgumentsAsTheyAre(arguments: [String]) async throws {
        let script = "import sys; sys.stdout.write(''.join(a + '\\0' for a in sys.argv[1:]))"
        let options = ["-I", "-X", "utf8", "-c", script]
        let command = Command(executable: "/usr/bin/python3", arguments: options + arguments)
        let output = try await command.run(limit: 1 << 20, timeout: 60)
        #expect(output.text == arguments.map { $0 + "\0" }.joined())
        #expect(output.succeeded)
    }

    @Test func givesTheEnvironmentAndNothingElse() async throws {
        let environment = ["A": "1", "WITH SPACE": "x=y\nz", "EMPTY": ""]
        let output = try await Command(executable: "/usr/bin/env", arguments: ["-0"], environment: environment)
            .run(timeout: 60)
        #expect(Set(output.text.split(separator: "\0")) == ["A=1", "WITH SPACE=x=y\nz", "EMPTY="])
        let none = try await Command(executable: "/usr/bin/env", environment: [:]).run(timeout: 60)
        #expect(none.text.isEmpty)
    }

    @Test func handsOnOurEnvironmentWhereNoneIsGiven() async throws {
        let output = try await Command(executable: "/usr/bin/env", arguments: ["-0"]).run(limit: 1 << 20, timeout: 60)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        #expect(output.text.split(separator: "\0").contains("PATH=\(path)"))
    }

    @Test func startsInTheDirectoryThatIsAskedFor() async throws {
        let directory = try TemporaryDirectory()
        let command = Command(executable: "/bin/pwd", workingDirectory: directory.path)
        #expect(try await command.run(timeout: 60).text == "\(directory.path)\n")
        await #expect(throws: SpawnError(executable: "/bin/pwd", errno: ENOENT, operation: "cannot start")) {
            try await Command(executable: "/bin/pwd", workingDirectory: "\(directory.path)/none").run(timeout: 60)
        }
    }

    @Test func leavesNoDescriptorOpenButTheThreePipes() async throws {
        // Inheritable ones, at low and at high numbers.
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        ends.append(fcntl(ends[0], F_DUPFD, 300))
        defer { ends.forEach { close($0) } }
        let output = try await Command.shell("ls /proc/$$/fd").run(timeout: 60)
        #expect(output.text.split(separator: "\n").sorted() == ["0", "1", "2"])
    }

    #if canImport(Glibc)
        @Test func closesEachOpenDescriptorWhereTheCLibraryCannotCloseARange() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            ends.append(fcntl(ends[0], F_DUPFD, 300))
            defer { ends.forEach { close($0) } }
            let output = try Descriptors.makePipe()
            defer { close(output.read) }
            var actions = FileActions()
            defer { actions.destroy() }
            actions.add(output.write, as: 1)
            actions.closeEachOpen(from: 3)
            var attributes = SpawnAttributes()
            defer { attributes.destroy() }

            var identifier: pid_t = 0
            let code = withCStrings(["sh", "-c", "ls /proc/$$/fd"]) {
                posix_spawn(&identifier, "/bin/sh", &actions.value, &attributes.value, $0, environ)
            }
            close(output.write)
            try #require(code == 0)
            let open = Descriptors.readAll(from: output.read, limit: 1 << 16) ?? []
            _ = reap(identifier)
            #expect(String(decoding: open, as: UTF8.self).split(separator: "\n").sorted() == ["0", "1", "2"])
        }
    #endif

    @Test func startsWithAllSignalsUnblockedAndAtTheirDefaults() async throws {
        ignoreBrokenPipes()
        var blocked = sigset_t()
        var before = sigset_t()
        sigfillset(&blocked)
        let child = try {
            pthread_sigmask(SIG_SETMASK, &blocked, &before)
            defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
            return try ChildProcess(starting: Command(executable: "/bin/cat", arguments: ["/proc/self/status"]))
        }()
        let status = try await child.story().text
        for field in ["SigBlk", "SigIgn", "SigCgt"] {
            let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(field):") })
            let bits = try #require(UInt64(line.dropFirst(field.count + 2), radix: 16))
            // Signals 32 and 33 are the C library's own.
            #expect(bits & ~0x1_8000_0000 == 0, "\(field)")
        }
    }

    @Test func startsInASessionAndGroupOfItsOwn() async throws {
        let child = try ChildProcess(starting: Command(executable: "/bin/cat", arguments: ["/proc/self/stat"]))
        let fields = try await child.story().text.split(separator: " ")
        try #require(fields.count > 6)
        #expect(fields[0] == "\(child.identifier)")
        #expect(fields[4] == fields[0])
        #expect(fields[5] == fields[0])
    }

    @Test(arguments: [
        ("/nonexistent/program", ENOENT), ("", ENOENT), ("/tmp", EACCES), ("/etc/passwd/below", ENOTDIR),
    ])
    func saysWhyAProgramCannotBeStarted(executable: String, number: Int32) async throws {
        let command = Command(executable: executable, arguments: ["x"])
        let error = await #expect(throws: SpawnError.self) { try await command.run(timeout: 60) }
        #expect(error?.errno == number)
        #expect(error?.executable == executable)
        #expect(error?.description == "cannot start \(executable): \(String(cString: strerror(number)))")
        #expect(throws: SpawnError.self) { try ChildProcess(starting: command) }
    }

    @Test func saysSoWhereAFileIsNoProgram() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write("text", to: "file")
        let error = await #expect(throws: SpawnError.self) { try await Command(executable: file).run(timeout: 60) }
        #expect(error?.errno == EACCES)
    }

    @Test(arguments: [
        Command(executable: "/bin/echo\0x"),
        Command(executable: "/bin/echo", arguments: ["a\0b"]),
        Command(executable: "/bin/echo", environment: ["A": "b\0c"]),
        Command(executable: "/bin/echo", environment: ["A\0B": "c"]),
    ])
    func refusesWhatNoProgramCanBeGiven(command: Command) async throws {
        let error = await #expect(throws: SpawnError.self) { try await command.run(timeout: 60) }
        #expect(error?.errno == EINVAL)
    }
}
