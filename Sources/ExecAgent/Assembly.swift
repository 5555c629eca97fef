import CommandOptions
import Diagnostics

/// The parts of the program, put together as the options say.
struct Assembly: Sendable {
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
                    baseURL: options.baseURL, key: options.key, idleTimeout: Double(options.modelTimeout)))
            entries = try ServerConfiguration(
                command: options.serverCommand, file: options.serverFile, environment: environment
            ).servers()
        } catch {
            throw UsageError(message: "\(error)")
        }
        toolBox = ToolServers(
            entries, environment: environment, onErrorLine: { server, line in log.debug("\(server) says: \(line)") },
            log: { log.warning($0) })
        agent = Agent(
            model: endpoint, toolBox: toolBox, settings: AgentSettings(model: options.model, images: options.images))
    }

    /// Ends the servers, also where the task is cancelled.
    func close() async {
        await Task.detached { [toolBox] in await toolBox.close() }.value
    }
}
