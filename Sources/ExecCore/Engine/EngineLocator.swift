/// Finds the engine that a person named. The one place that knows which kinds of engines there are.
public struct EngineLocator: Sendable {
    private let environment: [String: String]

    /// A locator that looks with this environment.
    public init(environment: [String: String]) {
        self.environment = environment
    }

    /// The engine called `name`.
    ///
    /// - Parameter name: what `--engine` takes: the name or the path of a command line like docker's.
    /// - Throws: ``ExecError`` with the code ``ExecError/Code/engineMissing`` and a remedy.
    public func engine(named name: String) throws(ExecError) -> any ImageBuildingEngine {
        try DockerLocator(environment: environment).commandLine(of: name)
    }
}
