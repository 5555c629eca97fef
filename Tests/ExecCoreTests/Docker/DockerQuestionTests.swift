import TestSupport
import Testing

@testable import ExecCore

/// Questions to an engine, with a program in its place.
@Suite(.timeLimit(.minutes(3))) struct DockerQuestionTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func probe(_ script: String) async throws -> DockerCLI {
        let program = try await directory.writeProgram("#!/bin/sh\n\(script)\n", to: "engine")
        return DockerCLI(program: program, environment: ["PATH": "/usr/bin:/bin"])
    }

    @Test(arguments: [
        (#"{"Client":{"Version":"28.2.2"},"Server":{"Version":"20.10"}}"#, "28.2.2", "20.10"),
        (#"{"Client":{"Version":"5.1.0"},"Server":null}"#, "5.1.0", nil),
        (#"{"Client":{"Version":"v2"},"Server":{"Components":[{"Version":"v1.7"}]}}"#, "v2", "v1.7"),
    ])
    func understandsTheVersionsOfEveryEngine(answer: String, client: String, server: String?) async throws {
        let versions = try await probe("[ \"$*\" = 'version --format {{json .}}' ] && echo '\(answer)'").versions()
        #expect(versions == EngineVersions(client: client, server: server))
    }

    @Test(arguments: [
        (#"{"SecurityOptions":["name=seccomp","name=rootless"]}"#, true),
        (#"{"SecurityOptions":["name=seccomp"]}"#, false), (#"{"host":{"security":{"rootless":true}}}"#, true),
    ])
    func knowsARootlessEngine(answer: String, isRootless: Bool) async throws {
        #expect(try await probe("echo '\(answer)'").isRootless() == isRootless)
    }

    @Test(arguments: [("", ""), ("[", "]"), ("[", ",{}]")])
    func describesAnImage(before: String, after: String) async throws {
        let answer =
            before
                + #"""
                {"Id":"sha256:12","Size":1234,"Created":"1970-01-01T00:01:00Z","Config":{"Labels":{"a":"b","c":1}}}
                """# + after
        let image = try await probe("echo '\(answer)'").image("x:1")
        #expect(image == ImageDescription(id: "sha256:12", size: 1234, created: 60, labels: ["a": "b"]))
    }

    @Test func tellsAMissingImageFromAFailure() async throws {
        let missing = await #expect(throws: ExecError.self) {
            _ = try await probe("echo 'Error: No such image: x:1' >&2; exit 1").image("x:1")
        }
        #expect(missing?.code == .imageMissing)
        for answer in ["[]", "[[]]", "{}", "7", "[null]"] {
            let broken = await #expect(throws: ExecError.self) {
                _ = try await probe("echo '\(answer)'").image("x:1")
            }
            #expect(broken?.code == .engineFailed)
        }
    }

    @Test(arguments: [
        ("echo 'Cannot connect to the Docker daemon' >&2; exit 1", "not running. Start it"),
        ("printf 'odd\\033[2Jerror' >&2; exit 3", "(exit status 3). It said: odd\u{FFFD}[2Jerror"),
        ("echo no JSON", "not JSON"), ("kill -9 $$", "signal 9"),
    ])
    func saysWhatIsWrong(script: String, part: String) async throws {
        let error = await #expect(throws: ExecError.self) { _ = try await probe(script).versions() }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test func countsContainersAndOrphans() async throws {
        let user = try #require(UserID("ann"))
        let (one, other) = (String(repeating: "a", count: 64), String(repeating: "0", count: 64))
        for lineEnd in ["\\n", "\\r\\n"] {
            let listing = "printf '\(one)\(lineEnd)\(other)\(lineEnd)'"
            #expect(try await probe(listing).containerCount(of: user) == 2)
        }
        #expect(try await probe("true").containerCount(of: user) == 0)
        #expect(try await probe("echo nonsense").orphanCount() == 0)
    }
}
