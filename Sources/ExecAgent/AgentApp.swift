import CommandOptions
import Diagnostics
import MCPClient
import MCPServers
import Telemetry
import Threading

/// The composition root: creates the parts of the program from its options.
struct AgentApp: Sendable {
    let agent: any AgentRunner
    let toolProvider: ToolServers
    let telemetry: AgentTelemetry
    /// The servers whose tools code in the sandbox calls; `nil` for none.
    let handover: BridgeHandover?

    /// Creates the parts without starting or contacting anything.
    ///
    /// - Parameters:
    ///   - modes: how servers may ask the person; empty if nobody can be asked.
    ///   - onBridge: receives a line on what `--bridge` saves, when that is known.
    /// - Throws: ``UsageError`` if an option has an unusable value.
    init(
        _ options: AgentOptions, log: Logger, asking modes: Set<Elicitation.Mode>,
        onBridge: @escaping @Sendable (String) -> Void
    ) throws(UsageError) {
        let environment = ProcessEnvironment.variables
        let endpoint: Endpoint
        var servers: ServerConfiguration.Selection
        let handover: BridgeHandover?
        do {
            endpoint = try Endpoint(
                EndpointOptions(
                    baseURL: options.baseURL, key: options.key,
                    proxy: ProxySetting.ofThisProcess(for: options.baseURL),
                    idleTimeout: Double(options.modelTimeout)))
            servers = try ServerConfiguration(
                command: options.serverCommand, files: options.serverFiles, isBridged: options.usesBridge,
                buildsImage: options.buildsImage, environment: environment
            ).selection(onWarning: { log.warning($0) })
            handover =
                servers.bridged.isEmpty
                ? nil : try BridgeHandover(servers.bridged, environment: environment)
        } catch {
            throw UsageError(message: "\(error)")
        }
        self.handover = handover
        let telemetry = AgentTelemetry(model: options.model, variables: environment) { log.warning($0) }
        self.telemetry = telemetry
        let place = servers.bridgePlace
        handover?.apply(to: &servers.servers[place], environment: environment)
        let bridge = handover.map { handover in
            ToolServers.Bridge(place: place, names: handover.names) { onBridge(BridgeNotice.text(of: $0)) }
        }
        let relaying = bridge.map { servers.servers[$0.place].name }
        toolProvider = ToolServers(
            servers.servers, bridge: bridge, environment: environment, asking: modes,
            tracer: telemetry.tracer,
            onErrorLine: { server, line in
                // What exec-mcp says of the servers that it starts would be said here if the agent started them.
                if server == relaying, let warning = BridgeNotice.warning(in: line) {
                    log.warning(warning)
                } else {
                    log.debug("\(server) says: \(line)")
                }
            }, log: { log.warning($0) })
        agent = ObservedRunner(
            runner: Agent(
                model: ObservedModel(model: endpoint, telemetry: telemetry), toolProvider: toolProvider,
                settings: AgentSettings(model: options.model, images: options.images)),
            telemetry: telemetry, isTool: { [toolProvider] in toolProvider.serverName(ofTool: $0) != nil })
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
        settings.approval = options.approval
        settings.questionSeconds = Double(options.approvalTimeout)
        settings.version = AgentHelp.version
        settings.sessionDirectory = options.sessions.path(environment: ProcessEnvironment.variables)
        settings.detachSeconds = Double(options.detachSeconds)
        settings.artifactScripts = options.artifactScripts ?? (options.clientKeys.isEmpty ? .ask : .never)
        return Service(options: settings, runner: agent, toolProvider: toolProvider, telemetry: telemetry) {
            log.info($0)
        }
    }

    /// Names the servers whose tools code calls, as a sentence with a space before it; empty if there are none.
    var bridgeSentence: String {
        guard handover != nil else { return "" }
        return ". Code calls the tools of \(BridgeNotice.names(toolProvider.bridgedServers))."
    }

    /// Starts the tool servers.
    ///
    /// - Parameter report: receives the reason if there are no tools.
    func startServers(_ report: @Sendable (String) -> Void) async {
        do {
            _ = try await toolProvider.tools()
        } catch {
            if !Task.isCancelled { report(error.message) }
        }
    }

    /// How long the last spans may take to be exported, in seconds.
    private static let exportSeconds = 2.0

    /// Stops the tool servers and exports the last spans, even if the task is cancelled.
    func close() async {
        await Task.detached { [toolProvider, telemetry] in
            await toolProvider.close()
            try? await BackgroundThread.run("otlp-flush") { telemetry.tracer.close(within: Self.exportSeconds) }
        }.value
        handover?.remove()
    }
}
