/// Finds the engine that the user named. The one place that knows which kinds of engines exist.
public struct EngineLocator: Sendable {
    private let environment: [String: String]

    /// Creates a locator that searches with this environment.
    public init(environment: [String: String]) {
        self.environment = environment
    }

    /// Returns the engine called `name`.
    ///
    /// - Parameter name: the value of `--engine`: the name or path of a Docker-compatible command line.
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/engineMissing`` and a remedy.
    public func engine(named name: String) throws(ExecError) -> any ImageBuildingEngine {
        try DockerLocator(environment: environment).commandLine(of: name)
    }
}
