import ChildProcess
import Testing

@testable import ExecCore

@Suite struct DockerCLITests {
    private func run(in environment: [String: String]) throws -> [String: String]? {
        let user = try #require(UserID("someone"))
        let spec = SandboxSpec(
            name: "name", user: user, owner: .current(), account: .common, configuration: SandboxConfiguration(),
            limits: Limits())
        return DockerCLI(program: "/usr/bin/docker", environment: environment).run(spec.container).environment
    }

    @Test func whatHoldsASandboxRunsOnOneProcessor() throws {
        #expect(try run(in: ["PATH": "/bin"]) == ["PATH": "/bin", "GOMAXPROCS": "1"])
    }

    @Test func howManyProcessorsItUsesIsLeftToWhoSaysSo() throws {
        #expect(try run(in: ["GOMAXPROCS": "3"]) == ["GOMAXPROCS": "3"])
    }

    @Test func allElseRunsAsTheEngineWants() {
        let engine = DockerCLI(program: "/usr/bin/docker", environment: ["PATH": "/bin"])
        #expect(engine.version().environment == ["PATH": "/bin"])
        #expect(engine.remove(["one"]).environment == ["PATH": "/bin"])
    }
}
