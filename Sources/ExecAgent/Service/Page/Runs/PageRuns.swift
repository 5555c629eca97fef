import JSON
import OpenAI
import Threading

/// The runs of the page, of all users.
actor PageRuns {
    /// Maximum number of runs of one user at the same time.
    static let maxPerUser = 16
    /// Maximum number of ended runs whose whole log is kept.
    private static let maxEnded = 16

    private let options: ServiceOptions
    private let runner: any AgentRunner
    private let toolProvider: any ToolProvider
    private let conversations: Conversations
    private let places: PerUserQueue
    private let questions: PendingQuestions
    private let clock: MonotonicClock
    private let log: @Sendable (String) -> Void

    private var runs: [String: PageRun] = [:]
    /// The run in progress of each conversation.
    private var running: [String: PageRun] = [:]
    /// The users of the conversations that have one, or for which one is being created.
    private var taken: [String: String] = [:]
    /// The runs that are being started, by conversation.
    private var starting: [String: AsyncEvent] = [:]
    /// The ended runs in ``runs``, oldest first.
    private var ended: [String] = []
    private var isClosed = false

    init(
        options: ServiceOptions, runner: any AgentRunner, toolProvider: any ToolProvider, conversations: Conversations,
        places: PerUserQueue, questions: PendingQuestions, clock: MonotonicClock,
        log: @escaping @Sendable (String) -> Void
    ) {
        self.options = options
        self.runner = runner
        self.toolProvider = toolProvider
        self.conversations = conversations
        self.places = places
        self.questions = questions
        self.clock = clock
        self.log = log
    }

    // MARK: - For routes

    /// Starts a run.
    ///
    /// - Throws: ``APIRequestError``.
    func start(_ request: RunRequest, attachments: [PageTurn.Attachment], of user: String) async throws -> PageRun {
        guard !isClosed else {
            throw APIRequestError(503, "The service is stopping.", type: "server_error", code: "stopping")
        }
        let conversation = request.conversation ?? PageConversation.makeID()
        if let owner = taken[conversation] {
            throw owner == user ? APIRequestError.conversationIsBusy : .noConversation
        }
        guard taken.values.count(where: { $0 == user }) < Self.maxPerUser else {
            throw APIRequestError(
                429, "\(Self.maxPerUser) runs are in progress already. Stop one, or wait for its end.",
                type: "rate_limit_error", code: "too_many_runs", retryAfter: 5)
        }
        // Counts among the runs of the whole service.
        let place = try places.acquire(for: nil)
        taken[conversation] = user
        let isStarted = AsyncEvent()
        starting[conversation] = isStarted
        defer {
            starting[conversation] = nil
            isStarted.complete()
        }
        let id = PageConversation.makeRunID(in: conversation)
        let begun: Conversations.Start
        do {
            begun = try await conversations.begin(
                conversation, isNew: request.conversation == nil, of: user, replacing: request.replacedTurn
            ) { index in
                PageTurn(
                    index: index, runID: id, text: request.text, attachments: attachments, created: PageTime.now())
            }
        } catch {
            taken[conversation] = nil
            throw error
        }
        let turn = begun.turn
        let run = PageRun(
            id: id, user: user, conversation: conversation, turn: turn.index, detachSeconds: options.detachSeconds,
            clock: clock)
        runs[id] = run
        running[conversation] = run
        let model = request.model.map { $0.lowercased() == options.model.lowercased() ? options.model : $0 }
        let work = PageRunWork(
            options: options, runner: runner, toolProvider: toolProvider, conversations: conversations,
            questions: questions, model: model, turn: turn, history: begun.history, log: log)
        await run.start { run in
            let finished = await work.run(run)
            place.end()
            // Before the last event: its reader can start the next run at once.
            await self.didEnd(run)
            run.log.add(finished, isLast: true)
        }
        if isClosed { await run.stop(.serviceEnded) }
        return run
    }

    /// Returns a run in progress, or one that has just ended; `nil` if the user has no such run with this id.
    func run(_ id: String, of user: String) -> PageRun? {
        runs[id].flatMap { $0.user == user ? $0 : nil }
    }

    /// Returns the run of a conversation that is in progress; `nil` if there isn't one.
    func running(in conversation: String) -> PageRun? { running[conversation] }

    /// Stops the run of a conversation, and waits until it has ended.
    func stop(in conversation: String) async {
        guard let run = running(in: conversation) else { return }
        await run.stop(.user)
        await run.waitUntilEnded()
    }

    /// Stops all runs, and waits until they have ended. No more can be started.
    func close() async {
        isClosed = true
        for isStarted in starting.values { await isStarted.wait() }
        let all = Array(running.values)
        for run in all { await run.stop(.serviceEnded) }
        for run in all { await run.waitUntilEnded() }
    }

    private func didEnd(_ run: PageRun) {
        running[run.conversation] = nil
        taken[run.conversation] = nil
        ended.append(run.id)
        if ended.count > Self.maxEnded { runs[ended.removeFirst()] = nil }
    }
}
