import TestSupport

@testable import ExecCore

/// The engine that ``PoolContractTests`` run with here: the machine's.
enum PoolTestEngine: CaseIterable {
    case real

    /// What the engine does with each container.
    enum Behaviour {
        /// Its guest comes up and waits.
        case comesUp
        /// It cannot be reached at an address that is called `no such thing`.
        case refuses
    }

    static var configuration: SandboxConfiguration {
        var configuration = SandboxConfiguration()
        configuration.image = RealEngine.image
        configuration.workspace = .ephemeral
        return configuration
    }

    func engine(_ behaviour: Behaviour, in directory: TemporaryDirectory) async throws -> any ContainerEngine {
        try await RealEngine.require()
        let engine = try RealEngine.locate()
        guard behaviour == .refuses else { return engine }
        let nowhere = ["DOCKER_HOST": "unix:///no such thing"]
        return DockerCLI(program: engine.program, environment: engine.environment.merging(nowhere) { $1 })
    }
}
