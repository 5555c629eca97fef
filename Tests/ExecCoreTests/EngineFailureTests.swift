import TestSupport
import Testing

@testable import ChildProcess
@testable import ExecCore

@Suite struct EngineFailureTests {
    private func failure(_ said: String, status: ProgramStatus = .exited(125)) -> EngineFailure {
        EngineFailure(
            engine: "/usr/bin/docker", image: "lab:1",
            end: ChildProcess.End(status: status, errorOutput: Array(said.utf8)))
    }

    @Test(arguments: [
        ("docker: Error response from daemon: No such image: lab:1.", ExecError.Code.imageMissing, "make image"),
        ("Unable to find image 'lab:1' locally\ndocker: Error", .imageMissing, "--image"),
        ("Error: lab:1: image not known", .imageMissing, "lab:1"),
        (
            "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon "
                + "running?.", .engineFailed, "not running. Start it"
        ),
        (
            "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if "
                + "the daemon is running: connect: no such file or directory", .engineFailed, "not running. Start it"
        ),
        (
            "error during connect: Head \"http://x:2375/_ping\": dial tcp: lookup x: no such host", .engineFailed,
            "Start it"
        ),
        ("dial tcp 127.0.0.1:1: connect: connection refused.", .engineFailed, "Start it"),
        (
            "docker: permission denied while trying to connect to the Docker daemon socket at "
                + "unix:///var/run/docker.sock: connect: permission denied.",
            .engineFailed, "group docker"
        ),
        (
            "docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create "
                + "failed: exec: \"python3\": executable file not found in $PATH: unknown.",
            .engineFailed, "The image lab:1 has no python3"
        ),
        ("docker: Error response from daemon: network lab not found.", .engineFailed, "network lab not found"),
        ("docker: invalid reference format.", .engineFailed, "exit status 125"),
        ("", .engineFailed, "The engine said: nothing"),
    ])
    func turnsWhatTheEngineSaidIntoARemedy(said: String, code: ExecError.Code, part: String) {
        let error = failure(said).startError
        #expect(error.code == code)
        #expect(error.message.contains(part), "\(error.message)")
    }

    @Test func quotesTheEngineSafely() {
        let message = failure("odd\u{1B}[2J\nline" + String(repeating: "x", count: 5000)).startError.message
        #expect(message.contains("odd\u{FFFD}[2J line"))
        #expect(message.count < 800)
    }

    @Test func saysHowARunningSandboxEnded() {
        let error = failure("", status: .signalled(9)).endError
        #expect(error.code == .sandboxEnded)
        #expect(error.message.contains("(signal 9)"))
        #expect(error.message.contains("The next call starts a new sandbox"))
        #expect(failure("why", status: .exited(137)).endError.message.contains("(exit status 137: why)"))
    }
}
