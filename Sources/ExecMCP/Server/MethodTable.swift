import Bridge
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
    /// The questions to the person behind a legacy client.
    let questions: ClientQuestions
    /// The calls that wait for the person behind a modern client.
    let suspended = SuspendedCalls()
    /// The numbers of the server.
    let metrics: ServerMetrics

    /// - Parameters:
    ///   - pool: the users' sandboxes.
    ///   - subscriptions: the clients that are notified of changes.
    ///   - audit: the log that records calls; `nil` for none.
    ///   - questions: asks the person behind a legacy client.
    ///   - pipeline: the pipeline of calls that return contents of a sandbox.
    ///   - bridge: the tools of MCP servers that code in the sandboxes can call; `nil` for none.
    ///   - metrics: the numbers of the server.
    init(
        options: Options, pool: SandboxPool, skills: SkillLibrary, subscriptions: Subscriptions, audit: AuditLog?,
        questions: ClientQuestions, pipeline: CallPipeline, bridge: Bridge?, metrics: ServerMetrics, logger: Logger
    ) {
        self.metrics = metrics
        self.subscriptions = subscriptions
        self.questions = questions
        let defaultUser = DefaultUser(options.user)
        let tools = ToolCatalog(
            limits: options.limits, configuration: options.configuration, links: options.artifactLinks,
            servers: bridge?.serverNames ?? [])
        let tasks = TaskStore { [subscriptions] in subscriptions.publish($0) }
        let catalog = ResourceCatalog(skills: skills, pool: pool, privateData: pipeline.privateData)
        let prewarming =
            options.startsAhead ? Prewarming(pool: pool, defaultUser: defaultUser, expected: options.prewarmUsers) : nil
        let prompt = SystemPromptSource(options: options, skills: skills, pool: pool, bridge: bridge)
        var methods: [any Method] = [
            PingMethod(), DiscoverMethod(), ListToolsMethod(tools: tools, prewarming: prewarming),
            CallToolMethod(
                tools: tools, runner: ToolRunner(pool: pool, logger: logger), pipeline: pipeline,
                defaultUser: defaultUser, tasks: tasks, questions: questions, suspended: suspended, audit: audit,
                logger: logger),
            ListPromptsMethod(), GetPromptMethod(source: prompt, defaultUser: defaultUser),
            ListResourcesMethod(catalog: catalog, defaultUser: defaultUser), ListResourceTemplatesMethod(),
            ReadResourceMethod(catalog: catalog, pipeline: pipeline, defaultUser: defaultUser, audit: audit),
            SubscribeMethod(direction: .subscribe, subscriptions: subscriptions, defaultUser: defaultUser),
            SubscribeMethod(direction: .unsubscribe, subscriptions: subscriptions, defaultUser: defaultUser),
            ListenMethod(subscriptions: subscriptions, defaultUser: defaultUser, tasks: tasks),
            CompleteMethod(catalog: catalog, defaultUser: defaultUser),
            ListSkillsMethod(skills: skills, defaultUser: defaultUser),
            GetSkillMethod(skills: skills, defaultUser: defaultUser),
            ReadDirectoryMethod(skills: skills, defaultUser: defaultUser),
        ]
        methods += Self.sandboxMethods(
            SandboxCalls(pool: pool, pipeline: pipeline, defaultUser: defaultUser, audit: audit),
            limits: options.limits)
        methods.append(ReadMetricsMethod(metrics: metrics))
        methods += TaskMethod.Kind.allCases.map { TaskMethod(kind: $0, tasks: tasks, defaultUser: defaultUser) }
        self.methods = Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0) })
        let counted = SandboxMethod.allCases.map(\.rawValue)
        metrics.know(methods: methods.map { $0.name } + [initialize.name])
        metrics.know(tools: tools.names + [ReadResourceMethod.methodName] + counted)
        metrics.know(servers: bridge?.serverNames ?? [])
    }

    /// The methods beyond MCP.
    private static func sandboxMethods(_ calls: SandboxCalls, limits: Limits) -> [any Method] {
        let uploads = FileUploads()
        return [
            WriteFileMethod(calls: calls, uploads: uploads), CancelWriteMethod(calls: calls, uploads: uploads),
            ReadFileMethod(calls: calls, maxFiltered: limits.artifactMebibytes << 20),
            ListDirectoryMethod(calls: calls), DeleteFileMethod(calls: calls),
            SandboxStatusMethod(pool: calls.pool, defaultUser: calls.defaultUser),
            StopSandboxMethod(calls: calls, uploads: uploads), ListSandboxesMethod(pool: calls.pool),
        ]
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
