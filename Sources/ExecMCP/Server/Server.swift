import Bridge
import Diagnostics
import ExecCore
import JSON
import JSONRPC
import MCP

/// Assembles the parts of a server (composition root).
struct Server: Sendable {
    /// The methods that clients may call.
    let methods: MethodTable
    private let pool: SandboxPool
    private let bridge: Bridge?
    private let provision: ImageProvision?

    /// - Parameters:
    ///   - audit: the log that records calls; `nil` for none.
    ///   - pipeline: the pipeline of calls that return contents of a sandbox.
    ///   - bridge: lets code in the sandboxes call tools of MCP servers; `nil` for none.
    ///   - provision: gets the sandboxes' image if the engine lacks it; `nil` to fail instead.
    ///   - telemetry: counts and traces what happens.
    ///   - send: writes a message that must not be dropped; must return at once.
    ///   - notify: sends notifications that belong to no request.
    init(
        _ options: Options, audit: AuditLog? = nil, pipeline: CallPipeline = CallPipeline(),
        bridge: Bridge? = nil, provision: ImageProvision? = nil, telemetry: ServerTelemetry = ServerTelemetry(),
        logger: Logger, locateEngine: @escaping @Sendable () throws(ExecError) -> any ContainerEngine,
        send: @escaping @Sendable (JSON) -> Void, notify: @escaping @Sendable (Notification) -> Void
    ) {
        let skills = SkillLibrary(
            directories: options.configuration.skillsDirectories,
            store: options.configuration.skillStore.map { SkillStore(path: $0) }, privateData: pipeline.privateData,
            logger: logger
        ) { [bridge] user in SkillRequirements(bridge?.declarations(for: user) ?? []) }
        let subscriptions = Subscriptions(defaultUser: options.user, notify: notify)
        let watcher = DirectoryWatcher(
            skills: skills, toolsDirectory: options.configuration.toolsDirectory, user: options.user
        ) {
            subscriptions.publish($0)
        }
        subscriptions.onAudience { watcher.start() }
        self.bridge = bridge
        self.provision = provision
        pool = SandboxPool(
            configuration: options.configuration, limits: options.limits, logger: logger, locateEngine: locateEngine,
            bridge: bridge, provision: provision, events: telemetry.sandboxEvents
        ) { user, change in
            subscriptions.publish(.artifacts(user, pipeline.privateData?.redacted(change, of: user) ?? change))
        }
        methods = MethodTable(
            options: options, pool: pool, skills: skills, subscriptions: subscriptions, audit: audit,
            questions: ClientQuestions(send: send), pipeline: pipeline, bridge: bridge, metrics: telemetry.metrics,
            logger: logger)
    }

    /// Ends the subscriptions and questions in an orderly way, then the sandboxes and the servers of the bridge. Later
    /// calls are rejected.
    ///
    /// - Parameter grace: the time after which sandboxes that haven't ended by themselves are forced to, in seconds.
    func close(grace: Double) async {
        methods.subscriptions.close()
        methods.questions.close()
        methods.suspended.close()
        await provision?.close()
        async let servers: Void? = bridge?.close()
        await pool.close(grace: grace)
        _ = await servers
    }
}
