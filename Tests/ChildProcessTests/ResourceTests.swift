import Foundation
import TestSupport
import Testing

@testable import ChildProcess

/// What is left of children, counted in processes that do nothing else meanwhile.
@Suite(.timeLimit(.minutes(4))) struct ResourceTests {
    @Test func runsLeaveNoDescriptorAndNoProcessBehind() async {
        await #expect(processExitsWith: .success) {
            _ = try await Command.shell("exit 0").run(timeout: 60)
            try await warmUpClocks()
            let before = try openDescriptors()
            for _ in 0..<20 {
                await withTaskGroup(of: Void.self) { group in
                    for number in 0..<10 {
                        group.addTask {
                            let script = number % 2 == 0 ? "head -c 200000 /dev/zero" : "echo x >&2; kill -9 $$"
                            _ = try? await Command.shell(script).run(timeout: 60)
                        }
                    }
                }
            }
            _ = try await Command.shell("exec sleep 600").run(timeout: 0.1)
            #expect(try openDescriptors() == before)
            #expect(waitpid(-1, nil, WNOHANG) == -1)
            #expect(errno == ECHILD)
        }
    }

    @Test func failedStartsLeaveNoDescriptorBehind() async {
        await #expect(processExitsWith: .success) {
            _ = try? await Command(executable: "/nonexistent").run(timeout: 60)
            try await warmUpClocks()
            let before = try openDescriptors()
            for executable in Array(repeating: ["/nonexistent", "/tmp", "a\0b"], count: 50).flatMap({ $0 }) {
                _ = try? await Command(executable: executable).run(timeout: 60)
                _ = try? ChildProcess(starting: Command(executable: executable))
            }
            #expect(try openDescriptors() == before)
            #expect(waitpid(-1, nil, WNOHANG) == -1)
            #expect(errno == ECHILD)
        }
    }

    @Test func childrenLeaveNoDescriptorAndNoProcessBehind() async {
        await #expect(processExitsWith: .success) {
            ignoreBrokenPipes()
            _ = try await ChildProcess(starting: .shell("exit 0")).story()
            try await warmUpClocks()
            let before = try openDescriptors()
            for number in 0..<60 {
                let script = number % 2 == 0 ? "read line; exit 1" : "echo; kill -9 $$"
                let child = try ChildProcess(starting: .shell(script))
                async let story = child.story()
                // More than the pipe takes, so that the writer's thread is there too.
                try? await child.input.write(Array(repeating: 0x0A, count: 300_000))
                _ = try await story
            }
            try await eventually { try openDescriptors() == before }
            #expect(waitpid(-1, nil, WNOHANG) == -1)
            #expect(errno == ECHILD)
        }
    }

    @Test func saysSoWhereThereAreNoDescriptorsLeft() async {
        await #expect(processExitsWith: .success) {
            var taken: [Int32] = []
            while case let descriptor = open("/dev/null", O_RDONLY), descriptor >= 0 { taken.append(descriptor) }
            // Room for one pipe of the three.
            for descriptor in taken.suffix(3) { close(descriptor) }
            let error = #expect(throws: SpawnError.self) { try ChildProcess(starting: .shell("exit 0")) }
            for descriptor in taken.dropLast(3) { close(descriptor) }
            #expect(error?.errno == EMFILE)
            #expect(error?.description.hasPrefix("cannot create a pipe for /bin/sh: ") == true)
            let output = try await Command.shell("exit 0").run(timeout: 60)
            #expect(output.succeeded)
        }
    }

    // Alone too: a sibling that is forked while the script is being written keeps it busy.
    @Test func saysSoWhereAScriptsInterpreterIsMissing() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let script = try directory.write("#!/nonexistent/interpreter\n", to: "script", mode: 0o755)
            let error = #expect(throws: SpawnError.self) { try ChildProcess(starting: Command(executable: script)) }
            #expect(error?.errno == ENOENT)
        }
    }
}
