import MCPClient
import OpenAI
import SystemCalls
import Telemetry

/// The numbers of the agent. No label value is a text of a user, a model or a client.
final class AgentMetrics: Sendable {
    /// The route of a request that was refused before there was one.
    static let refused = "refused"
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private let info = Metric(AgentFamilies.info)
    private let startTime = Metric(AgentFamilies.startTime)
    private let requests = Metric(AgentFamilies.requests)
    private let requestSeconds = Metric(AgentFamilies.requestSeconds)
    private let activeRequests = Metric(AgentFamilies.activeRequests)
    private let runs = Metric(AgentFamilies.runs)
    private let runSeconds = Metric(AgentFamilies.runSeconds)
    private let activeRuns = Metric(AgentFamilies.activeRuns)
    private let queue = Metric(AgentFamilies.queue)
    private let queueSeconds = Metric(AgentFamilies.queueSeconds)
    private let tokens = Metric(AgentFamilies.tokens)
    private let modelRequests = Metric(AgentFamilies.modelRequests)
    private let modelSeconds = Metric(AgentFamilies.modelSeconds)
    private let modelRetries = Metric(AgentFamilies.modelRetries)
    private let toolCalls = Metric(AgentFamilies.toolCalls)
    private let toolCallSeconds = Metric(AgentFamilies.toolCallSeconds)
    private let questions = Metric(AgentFamilies.questions)
    private let answers = Metric(AgentFamilies.answers)
    private let openQuestions = Metric(AgentFamilies.openQuestions)
    private let spans = Metric(AgentFamilies.spans)

    private let models: KnownNames
    private let tools = KnownNames()

    /// - Parameter model: the configured model. All others are counted as one.
    init(model: String = "", version: String = AgentHelp.version) {
        models = KnownNames([model])
        info.set(1, version)
        startTime.set(Double(time(nil)))
        for outcome in RunOutcome.allCases { runs.declare(outcome.rawValue) }
        for outcome in AnswerOutcome.allCases { answers.declare(outcome.rawValue) }
        for outcome in SpanExporter.Outcome.allCases { spans.declare(outcome.rawValue) }
        for direction in ["input", "output"] { tokens.declare(direction) }
    }

    /// All numbers now.
    var snapshots: [MetricSnapshot] {
        [
            info, startTime, requests, requestSeconds, activeRequests, runs, runSeconds, activeRuns, queue,
            queueSeconds,
            tokens, modelRequests, modelSeconds, modelRetries, toolCalls, toolCallSeconds, questions, answers,
            openQuestions, spans,
        ].map(\.snapshot)
    }

    // MARK: - Requests

    /// Returns a method that has a label of its own, or one for all others.
    static func folded(method: String) -> String { methods.contains(method) ? method : Metric.other }

    func beginRequest() {
        activeRequests.add(1)
    }

    func endRequest(_ route: String, method: String, status: Int, seconds: Double) {
        activeRequests.add(-1)
        requests.add(1, route, Self.folded(method: method), "\(status)")
        requestSeconds.observe(seconds, route)
    }

    func countRefused(method: String, status: Int) {
        requests.add(1, Self.refused, Self.folded(method: method), "\(status)")
    }

    // MARK: - Runs

    /// How a run ended.
    enum RunOutcome: String, CaseIterable {
        case answered
        /// The answer was cut at the model's own limit.
        case cut
        /// A limit of the run was reached.
        case limit
        case failed, cancelled
    }

    func beginRun() {
        activeRuns.add(1)
    }

    func endRun(_ outcome: RunOutcome, seconds: Double) {
        activeRuns.add(-1)
        runs.add(1, outcome.rawValue)
        runSeconds.observe(seconds)
    }

    func beginWait() {
        queue.add(1)
    }

    func endWait(seconds: Double) {
        queue.add(-1)
        queueSeconds.observe(seconds)
    }

    /// Counts what an event of a run tells.
    ///
    /// - Parameter isTool: whether a tool of this name exists: a model may write any name.
    func count(_ event: AgentEvent, isTool: (String) -> Bool) {
        switch event {
        case .turnEnded(let turn):
            tokens.add(Double(max(turn.usage?.prompt ?? 0, 0)), "input")
            tokens.add(Double(max(turn.usage?.completion ?? 0, 0)), "output")
        case .toolEnded(let end):
            if isTool(end.name) { tools.insert(end.name) }
            let tool = tools.folded(end.name)
            toolCalls.add(1, tool, end.isError ? "error" : "ok")
            toolCallSeconds.observe(end.duration, tool)
        case .questionAsked:
            questions.add()
            openQuestions.add(1)
        case .questionClosed(_, let outcome):
            let outcome = AnswerOutcome(outcome)
            if outcome != .unavailable { openQuestions.add(-1) }
            answers.add(1, outcome.rawValue)
        case .text, .toolStarted, .toolProgress, .toolOutput, .retrying, .notice: break
        }
    }

    /// What became of a question.
    enum AnswerOutcome: String, CaseIterable {
        case accepted, declined
        /// It was dismissed or withdrawn, or nobody answered in time.
        case unanswered
        /// It could not be put to anybody.
        case unavailable

        init(_ outcome: QuestionOutcome) {
            switch outcome {
            case .answered(.accept): self = .accepted
            case .answered(.decline): self = .declined
            case .answered(.cancel), .expired, .withdrawn: self = .unanswered
            case .notAsked: self = .unavailable
            }
        }
    }

    // MARK: - The model

    /// Returns the model's name if it is the configured one.
    func folded(model: String) -> String { models.folded(model) }

    func countModelRequest(_ model: String, outcome: String, seconds: Double) {
        let model = models.folded(model)
        modelRequests.add(1, model, outcome)
        modelSeconds.observe(seconds, model)
    }

    func countModelRetry(_ model: String) {
        modelRetries.add(1, models.folded(model))
    }

    // MARK: - Traces

    func countSpans(_ outcome: SpanExporter.Outcome, _ count: Int) {
        spans.add(Double(count), outcome.rawValue)
    }
}
