import TestSupport
import Testing

@testable import ChildProcess
@testable import ExecCore

@Suite struct DockerFailureTests {
    private static let docker = DockerCLI(program: "/usr/bin/docker", environment: [:])

    private func failure(
        _ said: String, status: ProgramStatus = .exited(125), engine: DockerCLI = docker,
        _ configure: (inout SandboxConfiguration) -> Void = { _ in }
    ) -> DockerFailure {
        var configuration = SandboxConfiguration()
        configuration.image = "lab:1"
        configure(&configuration)
        return DockerFailure(
            engine: engine, configuration: configuration,
            end: ChildProcess.End(status: status, errorOutput: Array(said.utf8)))
    }

    @Test(arguments: [
        ("docker: Error response from daemon: No such image: lab:1.", ExecError.Code.imageMissing, "make image"),
        ("Error: lab:1: image not known", .imageMissing, "lab:1"),
        (
            "docker: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon "
                + "running?.", .engineFailed, "not running. Start it"
        ),
        (
            "docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create "
                + "failed: exec: \"python3\": executable file not found in $PATH: unknown.",
            .engineFailed, "The image lab:1 has no python3"
        ),
        ("docker: invalid reference format.", .engineFailed, "exit status 125"),
        ("", .engineFailed, "The engine said: nothing"),
    ])
    func turnsWhatTheEngineSaidIntoARemedy(said: String, code: ExecError.Code, part: String) {
        let error = failure(said).startError()
        #expect(error.code == code)
        #expect(error.message.contains(part), "\(error.message)")
    }

    @Test func quotesTheEngineSafely() {
        let message = failure("odd\u{1B}[2J\nline" + String(repeating: "x", count: 500)).startError().message
        #expect(message.contains("odd\u{FFFD}[2J line"))
        #expect(failure(String(repeating: "x", count: 5000)).startError().message.count < 800)
    }

    @Test func quotesTheEndOfMuchThatWasSaid() {
        let warnings = (1...40).map { "time=\"now\" level=warning msg=\"number \($0) of many\"\n" }.joined()
        let message = failure(warnings + "Error: the real reason\n\n").startError().message
        #expect(message.hasSuffix("Error: the real reason"))
        #expect(message.count < 800)
    }

    @Test func saysHowARunningSandboxEnded() {
        let error = failure("", status: .signalled(9)).endError
        #expect(error.code == .sandboxEnded)
        #expect(error.message.contains("(signal 9)"))
        #expect(error.message.contains("The next call starts a new sandbox"))
        #expect(failure("why", status: .exited(137)).endError.message.contains("(exit status 137: why)"))
    }

    @Test func aRuntimeThatDiesWithoutAWordNeedsMoreProcesses() {
        let runsc = failure("", status: .exited(2)) {
            $0.runtime = "runsc"; $0.pids = 300
        }
        for error in [runsc.startError(), runsc.endError] {
            #expect(error.message.contains("--pids (300 now): raise it, for example --pids 4096"), "\(error.message)")
        }
        let more = failure("", status: .exited(2)) { $0.runtime = "runsc" }
        #expect(more.endError.message.contains("--pids 8192"))
        #expect(!failure("", status: .exited(2)).endError.message.contains("--pids"))
        #expect(!failure("", status: .exited(1)) { $0.runtime = "runsc" }.endError.message.contains("--pids"))
    }

    @Test(arguments: [
        (
            "Error response from daemon: invalid mount config for type \"bind\": bind source path does not exist: /usr/lib.",
            "--tools"
        ),
        ("Error: statfs /usr/share/one: no such file or directory", "--skills"),
        (
            "docker: Error response from daemon: Mounts denied: The path /usr is not shared from the host.",
            "--workspace"
        ),
    ])
    func namesTheDirectoryThatTheEngineCannotSee(said: String, option: String) throws {
        let user = try #require(UserID("ann"))
        let message = failure(said) {
            $0.toolsDirectory = "/usr/lib"
            $0.skillsDirectories = ["/usr/share"]
            $0.workspace = .directory(path: "/usr", user: user)
        }.startError().message
        #expect(message.contains(", given by \(option): it runs on another machine"), "\(message)")
        #expect(message.contains("--tools none --skills none"))
    }

    @Test func tellsOfADirectoryThatIsGone() {
        let message = failure("bind source path does not exist: /no/such") { $0.toolsDirectory = "/no/such" }
            .startError().message
        #expect(message.hasPrefix("A mounted directory is gone: the directory /no/such, given by --tools."))
    }

    @Test(
        arguments: [
            (
                ["DOCKER_HOST": "tcp://far:2375"], "/usr/bin/docker",
                "The container engine at tcp://far:2375 (from DOCKER_HOST) does not answer. Start it there, or correct DOCKER_HOST"
            ),
            (["DOCKER_HOST": "ssh://me:secret@far"], "/usr/bin/docker", "at ssh://me:…@far (from"),
            (
                ["DOCKER_CONTEXT": "lab"], "/usr/bin/docker",
                "The container engine of the context lab does not answer. Start it there"
            ),
            (["DOCKER_CONTEXT": "desktop-linux"], "/usr/bin/docker", "Start it (Docker Desktop), or select another"),
            (["DOCKER_CONTEXT": "colima"], "/usr/bin/docker", "Start it (`colima start`)"),
            (["CONTAINER_HOST": "unix:///x.sock"], "/usr/bin/podman", "at unix:///x.sock (from CONTAINER_HOST)"),
            (["DOCKER_HOST": "tcp://far:2375"], "/usr/bin/podman", "Start it (`podman machine start`"),
            ([:], "/usr/bin/docker", "The container engine is not running. Start it (Docker Desktop, "),
            (
                ["DOCKER_HOST": "", "DOCKER_CONTEXT": "", "HOME": "/nonexistent"], "/usr/bin/docker",
                "is not running. Start it"
            ),
        ] as [([String: String], String, String)])
    func namesTheEngineThatDoesNotAnswer(variables: [String: String], program: String, part: String) {
        let engine = DockerCLI(program: program, environment: variables)
        let message = failure("Cannot connect to the Docker daemon at x. Is the docker daemon running?", engine: engine)
            .startError().message
        #expect(message.contains(part), "\(message)")
    }

    @Test(arguments: [
        (#"{"currentContext":"lab"}"#, "the context lab"), (#"{"currentContext":"default"}"#, "is not running"),
        ("{", "is not running"),
    ])
    func findsTheContextThatIsSelected(configuration: String, part: String) throws {
        let home = try TemporaryDirectory()
        try home.write(configuration, to: ".docker/config.json")
        for variables in [["HOME": home.path], ["DOCKER_CONFIG": home.path + "/.docker", "HOME": "/nonexistent"]] {
            let engine = DockerCLI(program: "/usr/bin/docker", environment: variables)
            #expect(failure("error during connect: x", engine: engine).startError().message.contains(part))
        }
    }

    @Test func tellsWhatAnEnginePrintedInsteadOfTheSandbox() {
        let error = failure("", status: .exited(0)).startError(
            printed: Array("Welcome\u{1B}[1m!\nmore".utf8) + [0, 255])
        #expect(error.code == .engineFailed)
        #expect(error.message.contains("(exit status 0)"))
        #expect(error.message.contains("wrote: Welcome\u{FFFD}[1m! — standard output"), "\(error.message)")
        #expect(failure("No such image: lab:1").startError(printed: [65]).code == .imageMissing)
    }
}
