import JSON
import OpenAI

/// What one run of the page does, from its start until its turn is stored.
struct PageRunWork: Sendable {
    let options: ServiceOptions
    let runner: any AgentRunner
    let toolProvider: any ToolProvider
    let conversations: Conversations
    let questions: PendingQuestions
    /// The model; `nil` for the default.
    let model: String?
    let turn: PageTurn
    /// The turns before this one.
    let history: [ChatMessage]
    let log: @Sendable (String) -> Void

    /// - Returns: the event that ends the run's log.
    func run(_ run: PageRun) async -> JSONObject {
        let start = ContinuousClock.now
        let user = UserName.forServers(run.user)
        let events = RunEvents(serverOfTool: toolProvider.serverName(ofTool:))
        let journal = RunJournal(conversations: conversations, run: run)
        var turn = turn
        var result: RunResult?
        do {
            result = try await runner.run(
                history + [turn.message], user: user, model: model, limits: options.limits, parameters: [:],
                answerer: answerer(for: run)
            ) { event in
                guard let members = events.members(of: event), let added = run.log.add(members) else { return }
                await journal.note(added)
            }
        } catch {
            (turn.state, turn.failure) = await ending(of: run, error)
        }
        if let result {
            turn.state = result.end.state
            turn.usage = result.usage.map { usage in
                ["prompt_tokens": .integer(usage.prompt), "completion_tokens": .integer(usage.completion)]
            }
            turn.messages = result.messages
        } else {
            turn.messages = InterruptedRun.messages(
                of: run.log.entries.map(\.event),
                note: turn.state == .stopped
                    ? "[The user stopped this run before its end.]" : "[This run failed before its end.]")
        }
        turn.seconds = start.duration(to: .now) / .seconds(1)
        return await finish(run, turn)
    }

    /// Stores the turn before the event that says so: a reader that asks for the conversation then gets the end of it.
    private func finish(_ run: PageRun, _ ended: PageTurn) async -> JSONObject {
        var turn = ended
        let finished = turn.finished
        let entries = run.log.entries
        var last = finished
        last["seq"] = .integer(run.log.lastNumber + 1)
        last["time"] = .string(PageTime.text(PageTime.now()))
        turn.keep(entries.map(\.event) + [last])
        turn.omittedEvents += run.log.lastNumber - entries.count
        await conversations.end(turn, in: run.conversation, of: run.user)
        log(
            "a run of the page for the user \(run.user) ended after \((turn.seconds * 10).rounded() / 10) s: "
                + turn.state.rawValue)
        return finished
    }

    /// Returns how a run that has no result has ended.
    private func ending(of run: PageRun, _ error: any Error) async -> (PageTurn.State, PageTurn.Failure?) {
        // Any error of a run that is being cancelled is a consequence of that.
        if let reason = await run.reasonToStop { return (.stopped, reason.failure) }
        let failure = APIRequestError(error, namedModel: model != nil)
        log("\(run.id): \(failure.status) \(failure.error.message)")
        return (.failed, PageTurn.Failure(message: failure.error.message, code: failure.error.code ?? "failed"))
    }

    /// Returns what answers servers' questions in the run; `nil` if they stay unanswered.
    private func answerer(for run: PageRun) -> (any QuestionAnswerer)? {
        let person = RunQuestions(questions, user: run.user, run: run.id)
        return switch options.approval {
        case .never: nil
        case .ask, .page: person
        case .always: AutomaticApproval(otherwise: person)
        }
    }
}

extension RunResult.End {
    fileprivate var state: PageTurn.State {
        switch self {
        case .answered: .answered
        case .cut: .cut
        case .limit: .limit
        }
    }
}

/// Passes the events of a run on to its conversation's file. Texts are collected: each may be a few letters.
private actor RunJournal {
    /// Bytes of text, and seconds, after which it is passed on.
    private static let maxText = 4096
    private static let seconds = 1.0

    private let conversations: Conversations
    private let run: PageRun
    private var texts: [JSONObject] = []
    private var bytes = 0
    /// Passes the texts on, even if no event follows them.
    private var timer: Task<Void, Never>?
    /// The end of what is being passed on: events stay in their order.
    private var last: Task<Void, Never>?

    init(conversations: Conversations, run: PageRun) {
        self.conversations = conversations
        self.run = run
    }

    func note(_ event: JSONObject) async {
        switch event["type"] {
        case "tool_progress": return
        case "text":
            texts.append(event)
            bytes += event["text"]?.stringValue?.utf8.count ?? 0
            if bytes >= Self.maxText {
                await pass(takeTexts())
            } else if timer == nil {
                timer = Task {
                    guard (try? await Task.sleep(for: .seconds(Self.seconds))) != nil else { return }
                    await pass(takeTexts())
                }
            }
        default: await pass(takeTexts() + [event])
        }
    }

    private func takeTexts() -> [JSONObject] {
        timer?.cancel()
        timer = nil
        defer { (texts, bytes) = ([], 0) }
        return RunEvents.joined(texts)
    }

    private func pass(_ events: [JSONObject]) async {
        let passing = Task { [last, conversations, run] in
            await last?.value
            for event in events {
                await conversations.note(event, of: run.id, in: run.conversation, of: run.user)
            }
        }
        last = passing
        await passing.value
    }
}
