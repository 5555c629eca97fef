/// Finds the engine that the user named. The one place that knows which kinds of engines exist.
public struct EngineLocator: Sendable {
    private let environment: [String: String]
    private let location: EngineLocation

    /// Creates a locator that searches with this environment.
    ///
    /// - Parameter location: where the engine runs, if a user has said so.
    public init(environment: [String: String], location: EngineLocation = .automatic) {
        self.environment = environment
        self.location = location
    }

    /// Returns the engine called `name`.
    ///
    /// - Parameter name: the value of `--engine`: the name or path of a Docker-compatible command line.
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/engineMissing`` and a remedy.
    public func engine(named name: String) throws(ExecError) -> any ImageBuildingEngine {
        try DockerLocator(environment: environment).commandLine(of: name, location: location)
    }
}
