import ChildProcess
import TestSupport
import Testing

@testable import ExecCore

/// Engines that do otherwise than docker unless they are told not to.
@Suite(.timeLimit(.minutes(3))) struct PodmanHabitTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func arguments(_ program: String) -> [String] {
        DockerCLI(program: program, environment: [:]).habitArguments
    }

    @Test func dockerIsToldNothing() throws {
        #expect(arguments("/usr/bin/docker").isEmpty)
        #expect(arguments("/nonexistent/nerdctl").isEmpty)
        try directory.write("#!/bin/sh\nexec docker \"$@\"\n", to: "wrapper")
        #expect(arguments(directory.path + "/wrapper").isEmpty)
        try directory.write("\u{7F}ELF podman", to: "binary")
        #expect(arguments(directory.path + "/binary").isEmpty)
    }

    @Test func podmanIsKnownUnderWhateverName() throws {
        #expect(!arguments("/usr/bin/podman").isEmpty)
        #expect(!arguments("/opt/podman-remote").isEmpty)
        try directory.write(
            "#!/bin/sh\n[ -e /etc/containers/nodocker ] || echo note >&2\nexec podman \"$@\"\n", to: "docker")
        #expect(!arguments(directory.path + "/docker").isEmpty)
    }

    @Test(arguments: [("/usr/bin/docker", "{{.Label \"io.exec-mcp.pid\"}}"), ("/usr/bin/podman", "{{index .Labels \"")])
    func labelsAreAskedForInTheEnginesOwnWay(program: String, part: String) {
        let listing = DockerCLI(program: program, environment: [:])
            .list(labelled: EngineLabel(name: Owner.markLabel, value: nil), including: Owner.labelNames)
        #expect(listing.arguments.last?.hasPrefix("{{.ID}}\t{{") == true)
        #expect(listing.arguments.last?.contains(part) == true)
    }

    @Test func podmanMakesNoMemoryWithoutBoundsAndAsksForNoMillionProcesses() throws {
        let arguments = arguments("/usr/bin/podman")
        #expect(arguments.contains("/run:ro,size=4k"))
        #expect(arguments.contains("/var/tmp:ro,size=4k"))
        let processes = try #require(arguments.first { $0.hasPrefix("nproc=") }?.dropFirst(6))
        #expect(try #require(Int(processes)) <= 16_384)
    }
}
