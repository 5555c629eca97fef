import Bridge
import ExecCore
import MCP
import SystemCalls
import Telemetry

/// The numbers of this server. Every label value is one of a set that is known from the start.
final class ServerMetrics: Sendable {
    private let info = Metric(ServerFamilies.info)
    private let startTime = Metric(ServerFamilies.startTime)
    private let running = Metric(ServerFamilies.running)
    private let requests = Metric(ServerFamilies.requests)
    private let toolCalls = Metric(ServerFamilies.toolCalls)
    private let toolCallSeconds = Metric(ServerFamilies.toolCallSeconds)
    private let activeCalls = Metric(ServerFamilies.activeCalls)
    private let sandboxes = Metric(ServerFamilies.sandboxes)
    private let sandboxStarts = Metric(ServerFamilies.sandboxStarts)
    private let sandboxFailures = Metric(ServerFamilies.sandboxFailures)
    private let sandboxEnds = Metric(ServerFamilies.sandboxEnds)
    private let sandboxStartSeconds = Metric(ServerFamilies.sandboxStartSeconds)
    private let queue = Metric(ServerFamilies.queue)
    private let queueSeconds = Metric(ServerFamilies.queueSeconds)
    private let egressConnections = Metric(ServerFamilies.egressConnections)
    private let egressBytes = Metric(ServerFamilies.egressBytes)
    private let bridgeCalls = Metric(ServerFamilies.bridgeCalls)
    private let bridgeSeconds = Metric(ServerFamilies.bridgeSeconds)
    private let questions = Metric(ServerFamilies.questions)
    private let answers = Metric(ServerFamilies.answers)
    private let openQuestions = Metric(ServerFamilies.openQuestions)
    private let spans = Metric(ServerFamilies.spans)

    private let methods = KnownNames()
    private let tools = KnownNames()
    private let servers = KnownNames()

    init(version: String = ServerHelp.version) {
        info.set(1, version)
        startTime.set(Double(time(nil)))
        running.set(1)
        for kind in SandboxEvent.Start.allCases { sandboxStarts.declare(kind.rawValue) }
        for reason in SandboxEvent.End.allCases { sandboxEnds.declare(reason.rawValue) }
        for outcome in SandboxEvent.Connection.allCases { egressConnections.declare(outcome.rawValue) }
        for direction in SandboxEvent.Direction.allCases { egressBytes.declare(direction.rawValue) }
        for outcome in AnswerOutcome.allCases { answers.declare(outcome.rawValue) }
        for outcome in SpanExporter.Outcome.allCases { spans.declare(outcome.rawValue) }
    }

    /// All numbers now.
    var snapshots: [MetricSnapshot] {
        [
            info, startTime, running, requests, toolCalls, toolCallSeconds, activeCalls, sandboxes, sandboxStarts,
            sandboxFailures, sandboxEnds, sandboxStartSeconds, queue, queueSeconds, egressConnections, egressBytes,
            bridgeCalls, bridgeSeconds, questions, answers, openQuestions, spans,
        ].map(\.snapshot)
    }

    /// All numbers as text.
    ///
    /// - Parameter label: tells this server from others on the machine.
    func text(label: String) -> String {
        PrometheusText.text(of: [PrometheusText.Part(snapshots, labels: [("server", label)])])
    }

    /// The server has shut down: nothing is in progress any more.
    func end() {
        running.set(0)
        sandboxes.set(0)
        activeCalls.set(0)
        queue.set(0)
        openQuestions.set(0)
    }

    // MARK: - Names that get series of their own

    /// Names the methods that this server offers.
    func know(methods names: [String]) {
        for name in names { methods.insert(name) }
    }

    /// Names the tools, and the methods that are counted like tools.
    func know(tools names: [String]) {
        for name in names { tools.insert(name) }
    }

    /// Names the MCP servers whose tools code can call.
    func know(servers names: [String]) {
        for name in names { servers.insert(name) }
    }

    // MARK: - Requests and calls

    /// How a request was answered.
    enum RequestOutcome: String {
        case ok, error, cancelled
    }

    func countRequest(_ method: String, _ outcome: RequestOutcome) {
        requests.add(1, methods.folded(method), outcome.rawValue)
    }

    func beginCall() {
        activeCalls.add(1)
    }

    func endCall(of tool: String, _ outcome: AuditOutcome.Kind, seconds: Double) {
        let tool = tools.folded(tool)
        activeCalls.add(-1)
        toolCalls.add(1, tool, outcome.rawValue)
        toolCallSeconds.observe(seconds, tool)
    }

    // MARK: - Sandboxes and what leaves them

    func receive(_ event: SandboxEvent) {
        switch event {
        case .count(let count): sandboxes.set(Double(count))
        case .cameUp(let kind, let seconds):
            sandboxStarts.add(1, kind.rawValue)
            sandboxStartSeconds.observe(seconds, kind.rawValue)
        case .failedToStart: sandboxFailures.add()
        case .ended(let reason): sandboxEnds.add(1, reason.rawValue)
        case .queued: queue.add(1)
        case .dequeued(let seconds):
            queue.add(-1)
            queueSeconds.observe(seconds)
        case .connection(let outcome): egressConnections.add(1, outcome.rawValue)
        case .transferred(let direction, let bytes): egressBytes.add(Double(bytes), direction.rawValue)
        }
    }

    func count(_ call: NestedCall) {
        let server = servers.folded(call.server)
        bridgeCalls.add(1, server, call.outcome.rawValue)
        bridgeSeconds.observe(call.seconds, server)
    }

    // MARK: - Questions

    /// What became of a question.
    enum AnswerOutcome: String, CaseIterable {
        case accepted, declined
        /// It was dismissed, withdrawn, or too late.
        case unanswered
        /// No person could be asked.
        case unavailable
    }

    func beginQuestion() {
        questions.add()
        openQuestions.add(1)
    }

    func endQuestion(_ outcome: AnswerOutcome) {
        openQuestions.add(-1)
        answers.add(1, outcome.rawValue)
    }

    // MARK: - Traces

    func countSpans(_ outcome: SpanExporter.Outcome, _ count: Int) {
        spans.add(Double(count), outcome.rawValue)
    }
}
