import CommandOptions
import Diagnostics
import MCPServers

/// The parts of the program, put together as the options say.
struct AgentApp: Sendable {
    let agent: Agent
    let toolBox: ToolServers

    /// Nothing is started or asked yet.
    ///
    /// - Throws: ``UsageError`` where the options name what cannot be used.
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

    /// The API in front of the agent. It does not listen yet.
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

    /// Ends the servers, also where the task is cancelled.
    func close() async {
        await Task.detached { [toolBox] in await toolBox.close() }.value
    }
}
