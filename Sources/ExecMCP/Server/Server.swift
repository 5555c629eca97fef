import Diagnostics
import ExecCore
import JSONRPC
import MCP

/// What a server is made of, put together.
struct Server: Sendable {
    /// What clients may ask for.
    let methods: MethodTable
    private let pool: SandboxPool

    /// - Parameters:
    ///   - audit: where calls are recorded; `nil` for nowhere.
    ///   - pipeline: the way of calls that hand out what is in a sandbox.
    ///   - notify: sends what belongs to no request.
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

    /// Ends the subscriptions in order, then the sandboxes. Later calls are refused.
    ///
    /// - Parameter grace: seconds until sandboxes that do not end by themselves are forced to.
    func close(grace: Double) async {
        methods.subscriptions.close()
        await pool.close(grace: grace)
    }
}
