import Diagnostics
import ExecCore
import JSONRPC
import MCP

/// Assembles the parts of a server (composition root).
struct Server: Sendable {
    /// The methods that clients may call.
    let methods: MethodTable
    private let pool: SandboxPool

    /// - Parameters:
    ///   - audit: the log that records calls; `nil` for none.
    ///   - pipeline: the pipeline of calls that return contents of a sandbox.
    ///   - notify: sends notifications that belong to no request.
    init(
        _ options: Options, audit: AuditLog? = nil, pipeline: CallPipeline = CallPipeline(), logger: Logger,
        locateEngine: @escaping @Sendable () throws(ExecError) -> any ContainerEngine,
        notify: @escaping @Sendable (Notification) -> Void
    ) {
        let skills = SkillLibrary(directories: options.configuration.skillsDirectories, logger: logger)
        let subscriptions = Subscriptions(defaultUser: options.user, notify: notify)
        let watcher = DirectoryWatcher(skills: skills, toolsDirectory: options.configuration.toolsDirectory) {
            subscriptions.publish($0)
        }
        subscriptions.onAudience { watcher.start() }
        pool = SandboxPool(
            configuration: options.configuration, limits: options.limits, logger: logger, locateEngine: locateEngine
        ) { subscriptions.publish(.artifacts($0, $1)) }
        methods = MethodTable(
            options: options, pool: pool, skills: skills, subscriptions: subscriptions, audit: audit,
            pipeline: pipeline, logger: logger)
    }

    /// Ends the subscriptions in an orderly way, then the sandboxes. Later calls are rejected.
    ///
    /// - Parameter grace: the time after which sandboxes that haven't ended by themselves are forced to, in seconds.
    func close(grace: Double) async {
        methods.subscriptions.close()
        await pool.close(grace: grace)
    }
}
