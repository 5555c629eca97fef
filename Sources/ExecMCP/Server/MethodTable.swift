import Diagnostics
import ExecCore
import JSONRPC
import MCP

/// The methods that the server offers. All others are answered with -32601.
struct MethodTable: Sendable {
    private let methods: [String: any Method]
    /// Kept apart from the other methods because only the handshake changes the session.
    let initialize = InitializeMethod()
    /// The clients that are notified of changes.
    let subscriptions: Subscriptions

    /// - Parameters:
    ///   - pool: the users' sandboxes.
    ///   - subscriptions: the clients that are notified of changes.
    ///   - audit: the log that records calls; `nil` for none.
    ///   - pipeline: the pipeline of calls that return contents of a sandbox.
    init(
        options: Options, pool: SandboxPool, skills: SkillLibrary, subscriptions: Subscriptions, audit: AuditLog?,
        pipeline: CallPipeline, logger: Logger
    ) {
        self.subscriptions = subscriptions
        let user = UserOfRequest(standard: options.user)
        let tools = ToolCatalog(
            limits: options.limits, configuration: options.configuration, links: options.artifactLinks)
        let tasks = TaskStore { [subscriptions] in subscriptions.publish($0) }
        let catalog = ResourceCatalog(skills: skills, pool: pool)
        let prewarming =
            options.startsAhead ? Prewarming(pool: pool, user: user, expected: options.prewarmUsers) : nil
        let prompt = SystemPromptSource(options: options, skills: skills, pool: pool)
        var methods: [any Method] = [
            PingMethod(), DiscoverMethod(), ListToolsMethod(tools: tools, prewarming: prewarming),
            CallToolMethod(
                tools: tools, runner: ToolRunner(pool: pool, logger: logger), pipeline: pipeline, user: user,
                tasks: tasks, audit: audit, logger: logger),
            ListPromptsMethod(), GetPromptMethod(source: prompt),
            ListResourcesMethod(catalog: catalog, user: user), ListResourceTemplatesMethod(),
            ReadResourceMethod(catalog: catalog, pipeline: pipeline, user: user, audit: audit),
            SubscribeMethod(direction: .subscribe, subscriptions: subscriptions, user: user),
            SubscribeMethod(direction: .unsubscribe, subscriptions: subscriptions, user: user),
            ListenMethod(subscriptions: subscriptions, user: user, tasks: tasks),
            CompleteMethod(catalog: catalog, user: user),
            ListSkillsMethod(skills: skills), GetSkillMethod(skills: skills), ReadDirectoryMethod(skills: skills),
        ]
        methods += TaskMethod.Kind.allCases.map { TaskMethod(kind: $0, tasks: tasks, user: user) }
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
    }

    /// Whether only the modern revision can have a method of this name: a method that only this revision has, or any
    /// extension method, known or not.
    func isModernOnly(_ name: String) -> Bool {
        methods[name]?.era == .modern || ExtensionID.owns(method: name)
    }

    /// Returns the method of a request.
    ///
    /// - Throws: -32601 if the revision has no method of that name.
    func method(of request: Request, in revision: Revision) throws(RPCError) -> any Method {
        guard let method = methods[request.method], method.era.includes(revision) else {
            throw .methodNotFound("The method \(request.method.prefix(100)) is not offered here.")
        }
        return method
    }
}
