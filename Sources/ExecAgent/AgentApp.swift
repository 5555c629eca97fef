import CommandOptions
import Diagnostics
import MCPServers

/// The composition root: creates the parts of the program from its options.
struct AgentApp: Sendable {
    let agent: Agent
    let toolBox: ToolServers

    /// Creates the parts without starting or contacting anything.
    ///
    /// - Throws: ``UsageError`` if an option has an unusable value.
    init(_ options: AgentOptions, log: Logger) throws(UsageError) {
        let environment = ProcessEnvironment.variables
        let endpoint: Endpoint
        let entries: [ToolServerEntry]
        do {
            endpoint = try Endpoint(
                EndpointOptions(
                    baseURL: options.baseURL, key: options.key,
                    proxy: ProxySetting.ofThisProcess(for: options.baseURL),
                    idleTimeout: Double(options.modelTimeout)))
            entries = try ServerConfiguration(
                command: options.serverCommand, file: options.serverFile, environment: environment
            ).servers(onWarning: { log.warning($0) })
        } catch {
            throw UsageError(message: "\(error)")
        }
        toolBox = ToolServers(
            entries, environment: environment, onErrorLine: { server, line in log.debug("\(server) says: \(line)") },
            log: { log.warning($0) })
        agent = Agent(
            model: endpoint, toolBox: toolBox, settings: AgentSettings(model: options.model, images: options.images))
    }

    /// Creates the API service in front of the agent. It does not listen yet.
    func service(_ options: AgentOptions, log: Logger) -> Service {
        var settings = ServiceOptions()
        settings.host = options.host
        settings.port = options.port
        settings.keys = options.clientKeys
        settings.hostNames = options.hostNames
        settings.publicURL = options.publicURL
        settings.linksArtifacts = options.linksArtifacts
        settings.model = options.model
        settings.limits = options.limits
        settings.sessionSeconds = Double(options.sessionTimeout)
        settings.version = Help.version
        return Service(options: settings, runner: agent, toolBox: toolBox) { log.info($0) }
    }

    /// Stops the tool servers, even if the task is cancelled.
    func close() async {
        await Task.detached { [toolBox] in await toolBox.close() }.value
    }
}
