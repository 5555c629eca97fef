import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import ExecCore

extension EngineTests {
    /// What a person is told when there can be no sandbox.
    @Suite struct EngineFailureTests {
        private func failure(
            image: String = RealEngine.image, _ engine: @escaping @Sendable () throws(ExecError) -> DockerCLI
        ) async throws -> ExecError {
            ignoreBrokenPipes()
            var configuration = SandboxConfiguration()
            configuration.image = image
            configuration.workspace = .ephemeral
            let pool = SandboxPool(
                configuration: configuration, limits: Limits(),
                logger: Logger(program: "exec-mcp", level: .error) { _ in },
                locateEngine: engine)
            let user = try TestPool.newUser()
            let error = await #expect(throws: ExecError.self) { try await pool.withSandbox(of: user) { _ in } }
            #expect(await pool.count == 0)
            await pool.close(grace: 5)
            return try #require(error)
        }

        @Test func aMissingImageComesWithItsRemedy() async throws {
            try await RealEngine.require()
            let error = try await failure(image: "no-such-image:at-all", RealEngine.locate)
            #expect(error.code == .imageMissing)
            #expect(error.message.contains("no-such-image:at-all"))
            #expect(error.message.contains("make image"))
        }

        @Test func anEngineThatIsNotRunningComesWithItsRemedy() async throws {
            let error = try await failure { () throws(ExecError) in
                let engine = try RealEngine.locate()
                var environment = engine.environment
                environment["DOCKER_HOST"] = "unix:///nonexistent/engine.sock"
                return DockerCLI(program: engine.program, environment: environment)
            }
            #expect(error.code == .engineFailed)
            let part = "at unix:///nonexistent/engine.sock (from DOCKER_HOST) does not answer. Start it there"
            #expect(error.message.contains(part), "\(error.message)")
        }

        @Test func anEngineThatIsNotInstalledComesWithItsRemedy() async throws {
            let error = try await failure { () throws(ExecError) in
                let program = try DockerLocator(environment: [:]) { _ in false }.locate("docker")
                return DockerCLI(program: program, environment: [:])
            }
            #expect(error.code == .engineMissing)
            #expect(error.message.contains("Install Docker"))
        }

        @Test func aFailedStartIsTriedAgainAtTheNextCall() async throws {
            try await RealEngine.require()
            let isInstalled = Recorder<Bool>()
            var configuration = SandboxConfiguration()
            configuration.image = RealEngine.image
            configuration.workspace = .ephemeral
            let pool = SandboxPool(
                configuration: configuration, limits: Limits(),
                logger: Logger(program: "exec-mcp", level: .error) { _ in }
            ) { () throws(ExecError) in
                guard !isInstalled.elements.isEmpty else { throw ExecError(.engineMissing, "not yet") }
                return try RealEngine.locate()
            }
            let user = try TestPool.newUser()
            await #expect(throws: ExecError(.engineMissing, "not yet")) {
                try await pool.withSandbox(of: user) { _ in }
            }
            isInstalled.record(true)
            let result = try await pool.withSandbox(of: user) { try await $0.execute("echo up", timeout: 60) }
            #expect(result.standardOutput == "up\n")
            await pool.close(grace: 5)
        }
    }
}
