import HTTPServer
import OpenAI
import SystemCalls
import Threading

/// The service cannot run as configured.
struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong and how to fix it, in one line.
    let description: String
}

/// `exec-agent serve`: the agent behind an OpenAI-compatible API, for any client that speaks it.
final class Service: Sendable {
    private let options: ServiceOptions
    private let toolProvider: any ToolProvider
    private let telemetry: AgentTelemetry
    private let log: @Sendable (String) -> Void
    private let budgets: RateLimiter
    private let chat: ChatRoute
    private let responses: ResponseRoute
    private let uploads: UploadRoutes
    private let questions: PendingQuestions
    private let links = SignedArtifactLinks()
    private let users: RequestUsers
    private let previews: PreviewTokens
    private let page: WebPage
    private let state = Locked(State())

    private struct State {
        var server: HTTPServer?
        var isStopped = false
    }

    /// Creates a service that is not running yet. The caller still owns the tool servers and must close them.
    init(
        options: ServiceOptions, runner: any AgentRunner, toolProvider: any ToolProvider,
        telemetry: AgentTelemetry = AgentTelemetry(), clock: MonotonicClock = .system,
        log: @escaping @Sendable (String) -> Void
    ) {
        var options = options
        // A list of keys with a trailing comma must not produce an empty key.
        options.keys.removeAll(where: \.isEmpty)
        self.options = options
        self.toolProvider = toolProvider
        self.telemetry = telemetry
        self.log = log
        budgets = RateLimiter(perSecond: options.requestsPerSecond, atOnce: options.requestsAtOnce)
        questions = PendingQuestions(
            seconds: options.questionSeconds, maxCount: options.maxQuestions, maxPerUser: options.maxQuestionsOfUser,
            clock: clock)
        users = RequestUsers(keys: APIKeys(options.keys))
        previews = PreviewTokens(clock: clock)
        let places = PerUserQueue(
            maxWaiting: options.maxWaitingRuns, maxRuns: options.maxRuns, metrics: telemetry.metrics)
        let files = FileStore(
            seconds: options.fileSeconds, maxCount: options.maxFiles, maxBytes: options.maxFileBytes,
            maxUserBytes: options.maxFileBytesOfUser)
        let runs = ServedRuns(
            options: options, runner: runner, turns: places, budgets: budgets, links: links, questions: questions,
            users: users,
            attachments: Attachments(
                access: toolProvider.sandboxAccess, files: files, seconds: options.sessionSeconds, log: log),
            log: log)
        chat = ChatRoute(
            runs: runs,
            conversations: ConversationStore(
                seconds: options.sessionSeconds, maxCount: options.maxSessions, maxBytes: options.maxSessionBytes))
        responses = ResponseRoute(
            runs: runs,
            store: ResponseStore(
                seconds: options.sessionSeconds, maxCount: options.maxSessions, maxBytes: options.maxSessionBytes,
                maxRunning: options.maxBackgroundRuns, maxRunningPerUser: options.maxBackgroundRunsOfUser),
            toolProvider: toolProvider)
        uploads = UploadRoutes(options: options, store: files, users: users)
        page = WebPage(
            options: options, runner: runner, toolProvider: toolProvider, users: users, budgets: budgets,
            places: places, questions: questions, previews: previews,
            storage: Self.storage(options, log), clock: clock, log: log)
    }

    /// Returns where conversations are kept: in memory if the directory cannot be used.
    private static func storage(
        _ options: ServiceOptions, _ log: @escaping @Sendable (String) -> Void
    ) -> sending any ConversationStorage {
        guard let directory = options.sessionDirectory else { return MemoryStorage() }
        do throws(ConversationStorageError) {
            return try FileStorage(path: directory, log: log)
        } catch {
            log("the page's conversations are kept in memory: \(error.message)")
            return MemoryStorage()
        }
    }

    /// The URLs at which it listens, once it is started: `http://127.0.0.1:8000`.
    var addresses: [String] {
        state.withLock { $0.server?.addresses ?? [] }.map { address in
            "http://\(address.host.contains(":") ? "[\(address.host)]" : address.host):\(address.port)"
        }
    }

    /// Starts listening.
    ///
    /// - Throws: ``ServiceError``.
    func start() async throws(ServiceError) {
        let keys = options.keys
        guard AccessPolicy.isLoopback(options.host) || !keys.isEmpty else {
            throw ServiceError(
                description: "'\(options.host)' accepts connections from other machines: set AGENT_API_KEYS to one or "
                    + "more keys that clients must send, or listen on 127.0.0.1")
        }
        if let bad = keys.firstIndex(where: { $0.utf8.contains { $0 <= 0x20 || $0 >= 0x7F } }) {
            throw ServiceError(
                description: "key \(bad + 1) of AGENT_API_KEYS contains a space or a character that isn't ASCII: "
                    + "such a key cannot be sent")
        }
        for (number, key) in keys.map(APIKey.init(parsing:)).enumerated() {
            guard let user = key.user else { continue }
            log("key \(number + 1) of AGENT_API_KEYS is for the user \(user)\(key.isOperator ? ", an operator" : "")")
        }
        let accessPolicy = Locked<AccessPolicy?>(nil)
        var http = HTTPServerOptions()
        http.limits = options.http
        http.limits.largeBodies = [
            LargeBody(method: "PUT", pathPrefix: WebPage.uploadPrefix, bytes: options.uploadBytes),
            LargeBody(
                method: "POST", pathPrefix: UploadRoutes.path, bytes: options.uploadBytes + UploadRoutes.formBytes),
        ]
        http.clientOfLargeBody = { [users] in (try? users.pageUser(of: $0))?.name ?? "" }
        http.log = log
        http.refusal = { [metrics = telemetry.metrics] error in
            let refusal = APIRequestError(error)
            metrics.countRefused(method: "", status: refusal.status)
            return Self.finished(refusal.response)
        }
        http.onRequestHead = { [metrics = telemetry.metrics] request, remote in
            // Until the policy is set, requests are rejected: no client knows a system-chosen port yet.
            let refusal = accessPolicy.withLock { $0 }.map { $0.refusal(of: request, from: remote) } ?? .notReady
            if let refusal { metrics.countRefused(method: request.method, status: refusal.status) }
            return refusal.map { Self.finished($0.response) }
        }
        let isAuthorized: @Sendable (HTTPRequest) -> Bool = { request in
            accessPolicy.withLock { $0 }?.isAuthorized(request) ?? false
        }
        http.isKnown = isAuthorized
        let routes = ServiceRoutes(
            options: options, toolProvider: toolProvider, chat: chat, responses: responses, uploads: uploads,
            questions: QuestionRoutes(pending: questions, users: users), links: links, users: users,
            metrics: telemetry.metrics, page: page.routes, startTime: time(nil),
            isAuthorized: isAuthorized)
        let router = routes.router
        let started: HTTPServer
        do throws(ListenError) {
            started = try await HTTPServer.start(host: options.host, port: options.port, options: http) {
                [log, observer = RequestObserver(telemetry: telemetry)] request, _ in
                await observer.observing(request) { await Self.answer(request, router, log, $0) }
            }
        } catch {
            throw ServiceError(description: error.description)
        }
        guard !keys.isEmpty || started.addresses.allSatisfy({ AccessPolicy.isLoopback($0.host) }) else {
            await started.stop(graceSeconds: 0)
            throw ServiceError(description: "'\(options.host)' can be reached from other machines: set AGENT_API_KEYS")
        }
        accessPolicy.withLock {
            $0 = AccessPolicy(options, port: started.port, budgets: budgets, links: links, previews: previews)
        }
        let isStopped = state.withLock { state in
            state.server = started
            return state.isStopped
        }
        links.use(base: linkBase)
        // It was stopped during the start.
        if isStopped { await started.stop(graceSeconds: 0) }
    }

    /// The base URL of links to artifacts. Without a configured one, it is only known for a service that this machine
    /// alone can reach.
    private var linkBase: String? {
        guard options.linksArtifacts else { return nil }
        if let url = options.publicURL { return url }
        return AccessPolicy.isLoopback(options.host) && options.hostNames.isEmpty ? addresses.first : nil
    }

    /// Starts the service and returns when it has stopped.
    ///
    /// - Throws: ``ServiceError``.
    func run() async throws(ServiceError) {
        try await start()
        await waitUntilStopped()
    }

    /// Waits until the service has stopped.
    func waitUntilStopped() async {
        await state.withLock { $0.server }?.waitUntilStopped()
        // What runs of the page have added to their conversations is stored then.
        await page.runs.close()
    }

    /// Stops accepting requests, gives running ones a grace period, then cancels the rest. Returns when all have
    /// ended.
    func stop() async {
        let server = state.withLock { state in
            state.isStopped = true
            return state.server
        }
        // Runs of the page belong to the service: their watchers are told of their end. So do those of responses in the
        // background.
        async let runs: Void = page.runs.close()
        async let background: Void = responses.store.close()
        await server?.stop(graceSeconds: options.graceSeconds)
        await runs
        await background
    }

    private static func answer(
        _ request: HTTPRequest, _ router: ServiceRouter, _ log: @Sendable (String) -> Void,
        _ onRoute: @Sendable (String) -> Void
    ) async -> HTTPResponse {
        let start = ContinuousClock.now
        var response: HTTPResponse
        do {
            response = try await router.answer(request, onRoute: onRoute)
        } catch  where Task.isCancelled {
            // The client is gone or the service is stopping: nobody reads the response, and nothing is wrong with the
            // service.
            log("\(request.method) \(request.path): abandoned after \(milliseconds(since: start)) ms")
            return finished(APIRequestError.givenUp.response)
        } catch {
            let failure = APIRequestError(error, namedModel: false)
            if failure.status >= 500 { log("\(request.method) \(request.path): \(failure.error.message)") }
            response = failure.response
        }
        log("\(request.method) \(request.path) \(response.status) after \(milliseconds(since: start)) ms")
        return finished(response, isFramed: request.path.hasPrefix(PreviewTokens.prefix))
    }

    private static func milliseconds(since start: ContinuousClock.Instant) -> Int {
        Int(start.duration(to: .now) / .milliseconds(1))
    }

    /// Adds the header fields that every response has.
    ///
    /// - Parameter isFramed: whether the page shows it in a frame.
    private static func finished(_ response: HTTPResponse, isFramed: Bool = false) -> HTTPResponse {
        var response = response
        response.headers += PageHeaders.missing(in: response.headers, isFramed: isFramed)
        return response
    }
}

extension APIRequestError {
    fileprivate static let notReady = APIRequestError(
        503, "The service is starting.", type: "server_error", code: "starting", retryAfter: 1)
    fileprivate static let givenUp = APIRequestError(
        503, "The request was abandoned.", type: "server_error", code: "given_up")
}
