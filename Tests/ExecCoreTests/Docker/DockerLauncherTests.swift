import ChildProcess
import TestSupport
import Testing

@testable import ExecCore

/// What is different if a launcher starts the containers.
@Suite struct DockerLauncherTests {
    private static let srun = ["/usr/bin/srun", "--input=0"]

    private func engine(
        _ location: EngineLocation = .automatic, launcher: [String] = srun, program: String = "docker",
        environment: [String: String] = ["HOME": "/nonexistent"]
    ) -> DockerCLI {
        DockerCLI(program: program, environment: environment, location: location, launcher: launcher)
    }

    private func spec() throws -> SandboxSpec {
        SandboxSpec(
            name: "name", user: try #require(UserID("ann")), owner: .current(), account: .common,
            configuration: SandboxConfiguration(), limits: Limits())
    }

    private func failure(_ said: String, _ configure: (inout SandboxConfiguration) -> Void = { _ in }) -> ExecError {
        var configuration = SandboxConfiguration()
        configure(&configuration)
        let end = ChildProcess.End(status: .exited(1), errorOutput: Array(said.utf8))
        return DockerFailure(engine: engine(), configuration: configuration, end: end).startError()
    }

    @Test func itsWordsComeBeforeTheCommandThatStartsAContainerAndNoOther() throws {
        let container = try spec().container
        let run = engine().run(container)
        #expect(run.executable == "/usr/bin/srun")
        #expect(run.arguments.starts(with: ["--input=0", "/bin/sh", "-c"]))
        #expect(run.arguments[4...].starts(with: ["sh", "docker", "run", "--interactive"]))
        let here = engine(.local, program: "/usr/bin/docker").run(container)
        #expect(here.executable == "/usr/bin/srun")
        #expect(here.arguments.starts(with: ["--input=0", "/usr/bin/docker", "run", "--interactive"]))
        #expect(engine().remove(["one"]).executable == "docker")
        #expect(engine().version().arguments.first == "version")
    }

    @Test(arguments: [
        (EngineLocation.automatic, true, false, FileTransport.mounts), (.local, false, true, .mounts),
        (.remote, true, false, .volumes),
    ])
    func containersRunWhereItChoosesUnlessThatIsHere(
        location: EngineLocation, isLaunched: Bool, isLocal: Bool, transport: FileTransport
    ) {
        let engine = engine(location)
        #expect(engine.isLaunched == isLaunched)
        #expect(engine.isLocal == isLocal)
        #expect(engine.fileTransport == transport)
        #expect(engine.name == (isLaunched ? "docker behind /usr/bin/srun" : "docker"))
    }

    @Test func anAddressElsewhereIsElsewhereBehindALauncherToo() {
        let engine = engine(environment: ["DOCKER_HOST": "ssh://far"])
        #expect(!engine.isLocal)
        #expect(engine.fileTransport == .volumes)
    }

    @Test func anEngineThatItLeadsToCannotBeAsked() async {
        // A program that would answer.
        let engine = engine(program: "/bin/true")
        await #expect(throws: ExecError.self) { try await engine.orphanCount() }
        await #expect(throws: ExecError.self) { try await engine.versions() }
        await #expect(throws: ExecError.self) { try await engine.remove(["one"], within: 5) }
        #expect(await !engine.isSuspended("one"))
        #expect(await engine.volumes(withPrefix: "").isEmpty)
    }

    @Test func onlyTheLauncherIsLookedForHere() throws {
        let locator = DockerLocator(environment: ["PATH": "/opt"]) { ["/opt/srun", "/usr/bin/docker"].contains($0) }
        let engine = try locator.commandLine(of: "podman", launcher: ["srun", "-n1"])
        #expect(engine.launcher == ["/opt/srun", "-n1"])
        #expect(engine.program == "podman")
        #expect(engine.isPodman)
        let here = try locator.commandLine(of: "docker", location: .local, launcher: ["srun"])
        #expect(here.program == "/usr/bin/docker")
        #expect(throws: ExecError.self) { try locator.commandLine(of: "podman", location: .local, launcher: ["srun"]) }
        let error = #expect(throws: ExecError.self) { try locator.commandLine(of: "docker", launcher: ["qrsh"]) }
        #expect(error?.code == .engineMissing)
        #expect(error?.message.contains("qrsh, given by --launcher, was not found") == true)
    }

    @Test func anotherLauncherIsAnotherEngine() throws {
        let container = try spec().container
        #expect(engine().fingerprint(of: container) != engine(launcher: []).fingerprint(of: container))
        #expect(engine().fingerprint(of: container) == engine().fingerprint(of: container))
    }

    @Test func ownersElsewhereAreNeverTakenForDead() {
        let us = Owner.current()
        let launched = Owner(
            host: us.host, boot: "another", pidNamespace: us.pidNamespace, pid: 1, startTime: "1")
        #expect(launched.isDead(seenBy: us))
        #expect(!launched.ofLaunched.isDead(seenBy: us))
        #expect(Owner(labelValues: launched.ofLaunched.labels.map(\.value)) == launched.ofLaunched)
    }

    @Test(arguments: [
        ("srun: error: invalid partition specified: nowhere\nsrun: error: Unable to allocate", "nowhere srun:"),
        ("slurmstepd: error: execve(): docker: No such file or directory", "execve(): docker"),
        ("slurmstepd: error: Detected 1 oom-kill event(s) in StepId=5.0 cgroup.", "oom-kill"),
    ])
    func whatItSaysIsPassedOn(said: String, part: String) {
        let error = failure(said)
        #expect(error.code == .engineFailed)
        #expect(error.message.contains("The engine or its launcher said: "), "\(error.message)")
        #expect(error.message.contains(part), "\(error.message)")
    }

    @Test(arguments: [
        ("docker: Error response from daemon: No such image: lab:1.", "is missing on the machine where the launcher"),
        ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", "is not running on the"),
        (
            "docker: bind source path does not exist: /usr/lib.",
            "doesn't see the directory /usr/lib, given by --tools. Keep directories"
        ),
    ])
    func whatTheEngineThereSaysIsNotMistakenForThisMachines(said: String, part: String) {
        let message = failure(said + "\nsrun: error: node1: task 0: Exited with exit code 125") {
            $0.toolsDirectory = "/usr/lib"
        }.message
        #expect(message.contains(part), "\(message)")
    }
}
