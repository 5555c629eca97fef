import Hashing
import TestSupport
import Testing

@testable import ExecCore

/// Whether an engine is on this machine.
@Suite struct DockerLocationTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func isLocal(
        _ environment: [String: String], program: String = "/usr/bin/docker", location: EngineLocation = .automatic
    ) -> Bool {
        let own = ["DOCKER_CONFIG": directory.path].merging(environment) { $1 }
        return DockerCLI(program: program, environment: own, location: location).isLocal
    }

    @Test(arguments: [
        ("", true), ("unix:///var/run/docker.sock", true), ("npipe:////./pipe/docker_engine", true),
        ("fd://", true), ("ssh://me@example.org", false), ("tcp://10.0.0.7:2376", false),
        ("tcp://127.0.0.1:2375", false), ("https://example.org", false),
        ("10.0.0.7:2375", false), ("/run/containerd/containerd.sock", true),
    ])
    func theAddressSaysIt(address: String, expected: Bool) {
        #expect(isLocal(["DOCKER_HOST": address]) == expected)
        #expect(isLocal(["CONTAINER_HOST": address], program: "/usr/bin/podman") == expected)
    }

    @Test func aUserKnowsBetter() {
        #expect(!isLocal([:], location: .remote))
        #expect(isLocal(["DOCKER_HOST": "ssh://example.org"], location: .local))
    }

    @Test func aContextLeadsToAnAddress() throws {
        for (name, address) in [("near", "unix:///run/desktop.sock"), ("far", "ssh://example.org")] {
            let place = "contexts/meta/\(SHA256.hexDigest(of: Array(name.utf8)))"
            try directory.makeDirectory(place)
            let meta = #"{"Name":"x","Endpoints":{"docker":{"Host":"\#(address)"}}}"#
            try directory.write(meta, to: "\(place)/meta.json")
        }
        #expect(isLocal(["DOCKER_CONTEXT": "near"]))
        #expect(!isLocal(["DOCKER_CONTEXT": "far"]))
        #expect(!isLocal(["DOCKER_CONTEXT": "unknown"]))
        #expect(isLocal(["DOCKER_CONTEXT": "default"]))
        try directory.write(#"{"currentContext":"far"}"#, to: "config.json")
        #expect(!isLocal([:]))
        #expect(isLocal(["DOCKER_HOST": "unix:///var/run/docker.sock"]))
    }

    @Test(arguments: [
        ("77 (sandbox-guest) T 1 77", true), ("77 (sandbox-guest) t 1 77", true), ("77 (sandbox-guest) S 1 77", false),
        ("77 (bash) T 1 77", false), ("", false),
    ])
    func aStoppedGuestIsRecognized(status: String, expected: Bool) {
        #expect(DockerCLI.isStoppedGuest(Array(status.utf8)) == expected)
    }
}
